# The binaries as a user meets them: golden output on recorded hosts, and behaviour that needs this machine.
foreach(tool kvm-check host-setup net-setup vm-run)
  set(cases ${CMAKE_CURRENT_SOURCE_DIR}/golden/${tool}/cases.json)
  if(EXISTS ${cases})
    kvmkit_script_test(cli.golden.${tool} cli ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/cli/golden.py
      $<TARGET_FILE:${tool}> ${cases})
  endif()
endforeach()
kvmkit_script_test(cli.kvm-check cli ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/cli/kvm_check_test.py
  $<TARGET_FILE:kvm-check>)
kvmkit_script_test(cli.kvm-check-vms cli ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/cli/kvm_check_vms_test.py
  $<TARGET_FILE:kvm-check>)
kvmkit_script_test(cli.kvm-check.explain cli ${Python3_EXECUTABLE}
  ${CMAKE_CURRENT_SOURCE_DIR}/cli/kvm_check_explain_test.py $<TARGET_FILE:kvm-check>)
kvmkit_script_test(cli.kvm-check-formats cli ${Python3_EXECUTABLE}
  ${CMAKE_CURRENT_SOURCE_DIR}/cli/kvm_check_formats_test.py $<TARGET_FILE:kvm-check>)
kvmkit_script_test(cli.kvm-check-hosts cli ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/cli/kvm_check_hosts_test.py
  $<TARGET_FILE:kvm-check>)
kvmkit_script_test(cli.kvm-check-capture cli ${Python3_EXECUTABLE}
  ${CMAKE_CURRENT_SOURCE_DIR}/cli/kvm_check_capture_test.py $<TARGET_FILE:kvm-check>)
kvmkit_script_test(cli.libvirt-facts cli ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/cli/libvirt_facts_test.py
  $<TARGET_FILE:libvirt-facts> $<TARGET_FILE:kvm-check>)
kvmkit_script_test(cli.accept-golden cli ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/cli/golden_test.py)
kvmkit_script_test(cli.completion cli ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/cli/completion_test.py
  $<TARGET_FILE_DIR:vm-run>)
