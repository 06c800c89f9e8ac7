# vm-run on real libvirt and QEMU, each file in a private host of its own: tests/support/private_host.py.
foreach(part launch vm_file failures faults embedded image view many network libvirt_network hardware virt_manager seed disks start
    stop remote session chaos power_off)
  set(label virt)
  if(part STREQUAL power_off)
    set(label lab-slow)  # twenty boots
  endif()
  kvmkit_script_test(vm-run.${part} ${label} ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/support/private_host.py
    ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/guest
    ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/virt/${part}_test.py)
  set_tests_properties(vm-run.${part} PROPERTIES ENVIRONMENT KVMKIT_VM_RUN=$<TARGET_FILE:vm-run> TIMEOUT 600)
endforeach()

# The guest with Debian's own guest agent in it.
kvmkit_script_test(vm-run.agent-guest virt ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/virt/agent_guest.py
  ${PROJECT_BINARY_DIR}/agent-guest)
set_tests_properties(vm-run.agent-guest PROPERTIES FIXTURES_SETUP agent-guest)
kvmkit_script_test(vm-run.agent virt ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/support/private_host.py
  ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/guest
  ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/virt/agent_test.py ${PROJECT_BINARY_DIR}/agent-guest)
set_tests_properties(vm-run.agent PROPERTIES FIXTURES_REQUIRED agent-guest TIMEOUT 600
  ENVIRONMENT KVMKIT_VM_RUN=$<TARGET_FILE:vm-run>)

# A real Debian with cloud-init, made from packages once in two weeks. Minutes: scripts/test --virt-slow.
kvmkit_script_test(vm-run.cloud-guest virt-slow ${PROJECT_SOURCE_DIR}/scripts/make-cloud-guest ${PROJECT_BINARY_DIR}/cloud-guest)
set_tests_properties(vm-run.cloud-guest PROPERTIES FIXTURES_SETUP cloud-guest TIMEOUT 1500)
kvmkit_script_test(vm-run.cloud virt-slow ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/support/private_host.py
  ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/guest
  ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/virt/cloud_test.py)
set_tests_properties(vm-run.cloud PROPERTIES FIXTURES_REQUIRED cloud-guest TIMEOUT 2400 ENVIRONMENT
  "KVMKIT_VM_RUN=$<TARGET_FILE:vm-run>;KVMKIT_CLOUD_GUEST=${PROJECT_BINARY_DIR}/cloud-guest")

# cloud-init's own judgement of what it is told, from its Debian package, unpacked once.
kvmkit_script_test(vm-run.seed-judge virt ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/virt/seed_judge_test.py
  ${PROJECT_BINARY_DIR}/cloud-init)

# The longest begin first, so that no CPU waits for them at the end.
set_tests_properties(vm-run.stop vm-run.network vm-run.agent-guest vm-run.start vm-run.launch vm-run.faults vm-run.failures
  PROPERTIES COST 60)
