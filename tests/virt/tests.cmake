# vm-run on real libvirt and QEMU, each file in a private host of its own: tests/support/private_host.py.
foreach(part launch failures faults embedded power_off)
  set(label virt)
  if(part STREQUAL power_off)
    set(label lab-slow)  # twenty boots
  endif()
  kvmkit_script_test(vm-run.${part} ${label} ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/support/private_host.py
    ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/guest
    ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/virt/${part}_test.py)
  set_tests_properties(vm-run.${part} PROPERTIES ENVIRONMENT KVMKIT_VM_RUN=$<TARGET_FILE:vm-run> TIMEOUT 600)
endforeach()
