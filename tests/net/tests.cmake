# net-setup itself, in a network and mount namespace of its own: outcomes, messages, records, faults.
add_executable(echo-peer ${CMAKE_CURRENT_SOURCE_DIR}/support/echo_peer.cpp)
foreach(part commands hands ports resolver routes addresses faults state batch lan_bridge bridge_mac watchdog rescue spanning_tree pictures doctor persist keeping keeping_killed network_manager)
  kvmkit_script_test(net-setup-${part} net ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/net/${part}_test.py
    $<TARGET_FILE:net-setup> ${PROJECT_SOURCE_DIR}/docs/schema $<TARGET_FILE:echo-peer>)
endforeach()
# It measures gaps of what a real daemon does: on a busy machine an ARP request is lost more often, and sent again a second later.
set_tests_properties(net-setup-network_manager PROPERTIES PROCESSORS 2)
