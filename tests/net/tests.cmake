# net-setup itself, in a network and mount namespace of its own: outcomes, messages, records, faults.
foreach(part commands faults)
  kvmkit_script_test(net-setup-${part} net ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/net/${part}_test.py
    $<TARGET_FILE:net-setup> ${PROJECT_SOURCE_DIR}/docs/schema)
endforeach()
