# Tests on emulated hosts. lab: minutes, QEMU only; lab-slow: Intel under bochs and fresh Debian hosts.
set(lab ${PROJECT_SOURCE_DIR}/scripts/lab)
set(lab_tests ${CMAKE_CURRENT_SOURCE_DIR}/lab/tests)

# kvmkit_lab_test(NAME LABEL HOST [OPTION...] -- COMMAND...): COMMAND runs on the host.
function(kvmkit_lab_test name label host)
  add_test(NAME lab.${name} COMMAND ${lab} run ${host} --may-skip --output ${PROJECT_BINARY_DIR}/lab/${name}
    --build ${PROJECT_BINARY_DIR} ${ARGN} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(lab.${name} PROPERTIES LABELS ${label} SKIP_RETURN_CODE 77 TIMEOUT 600)
endfunction()
# kvmkit_lab_script(NAME LABEL COMMAND...): COMMAND runs here and starts hosts by itself.
function(kvmkit_lab_script name label)
  add_test(NAME lab.${name} COMMAND ${ARGN} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(lab.${name} PROPERTIES LABELS ${label} SKIP_RETURN_CODE 77 TIMEOUT 1500)
endfunction()

# The first one fills the cache.
kvmkit_lab_test(amd.nested-on lab amd -- ${Python3_EXECUTABLE} ${lab_tests}/kvm_check.py nested-on)
set_tests_properties(lab.amd.nested-on PROPERTIES FIXTURES_SETUP lab_cache)
set(amd_nested-off --nested off)
set(amd_no-virtualization --no-svm)
set(amd_no-module --no-module)
set(amd_no-device --device absent)
set(amd_forbidden --device 0600)
set(amd_fixed --no-module)
foreach(variant nested-off no-virtualization no-module no-device forbidden fixed)
  kvmkit_lab_test(amd.${variant} lab amd ${amd_${variant}} -- ${Python3_EXECUTABLE} ${lab_tests}/kvm_check.py ${variant})
endforeach()
foreach(product vmware virtualbox hyper-v azure ec2 gcp)
  set(without_label lab-slow)
  if(product STREQUAL vmware)
    set(without_label lab)
  endif()
  kvmkit_lab_test(guest-of.${product}.with lab-slow guest-of --as ${product} --
    ${Python3_EXECUTABLE} ${lab_tests}/kvm_check.py guest-of ${product} with)
  kvmkit_lab_test(guest-of.${product}.without ${without_label} guest-of --as ${product} --no-svm --
    ${Python3_EXECUTABLE} ${lab_tests}/kvm_check.py guest-of ${product} without)
endforeach()
# What skips where a machine has no /dev/kvm or an incomplete kernel runs here.
kvmkit_lab_test(amd.guest-code lab amd -- env KVMKIT_TESTS_MUST_RUN=1 $<TARGET_FILE:unit-kvm>)
set(needs_kvm guests_run_where_the_device_opens another_user_is_told_that_permission_is_missing
  no_time_at_all_is_unknown_and_not_a_failure it_ends_in_time_and_leaves_no_child)
list(TRANSFORM needs_kvm PREPEND KvmCheck.test_)
kvmkit_lab_test(amd.cli lab amd -- env KVMKIT_TESTS_MUST_RUN=1 ${Python3_EXECUTABLE}
  ${CMAKE_CURRENT_SOURCE_DIR}/cli/kvm_check_test.py $<TARGET_FILE:kvm-check> ${needs_kvm})
kvmkit_lab_test(net.kernel lab net -- env KVMKIT_TESTS_MUST_RUN=1 $<TARGET_FILE:net-tests>)
kvmkit_lab_test(net.state lab net -- ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/net/state_test.py
  $<TARGET_FILE:net-setup> ${PROJECT_SOURCE_DIR}/docs/schema full)
kvmkit_lab_test(net.hands lab net -- ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/net/hands_test.py
  $<TARGET_FILE:net-setup> ${PROJECT_SOURCE_DIR}/docs/schema full)
kvmkit_lab_test(net.ports lab net -- ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/net/ports_test.py
  $<TARGET_FILE:net-setup> ${PROJECT_SOURCE_DIR}/docs/schema full)
kvmkit_lab_test(net.operator lab net --nics 1 --client ${lab_tests}/net_client.sh)
kvmkit_lab_test(net.session lab net --client "${Python3_EXECUTABLE} ${lab_tests}/net_session.py 5")
kvmkit_lab_test(net.session-often lab-slow net --timeout 1700 --client "${Python3_EXECUTABLE} ${lab_tests}/net_session.py 50")
kvmkit_lab_test(net.layers lab-slow net --timeout 1700 -- ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/net/layers_test.py
  $<TARGET_FILE:net-setup> ${PROJECT_SOURCE_DIR}/docs/schema $<TARGET_FILE:echo-peer> full)
kvmkit_lab_test(net.examples lab net --nics 2 -- ${Python3_EXECUTABLE} ${lab_tests}/nmstate_examples.py
  $<TARGET_FILE:net-setup> ${PROJECT_SOURCE_DIR}/docs/schema)
kvmkit_lab_test(power-cuts lab-slow amd --disk 64M --no-module --timeout 1700 -- ${Python3_EXECUTABLE} ${lab_tests}/power_cuts.py)
# In a container in seconds, on a machine of its own in minutes.
foreach(manager networkd ifupdown netplan nm)
  set(container_label lab-slow)
  if(manager MATCHES "networkd|nm")
    set(container_label lab)
  endif()
  kvmkit_lab_script(nspawn.${manager} ${container_label} ${lab_tests}/managers.py nspawn ${manager} static)
  kvmkit_lab_script(debian.${manager} lab-slow ${lab_tests}/managers.py debian ${manager} static)
endforeach()
foreach(manager networkd netplan nm)
  kvmkit_lab_script(nspawn.${manager}.vlans lab-slow ${lab_tests}/managers.py nspawn ${manager} vlans)
  kvmkit_lab_script(debian.${manager}.vlans lab-slow ${lab_tests}/managers.py debian ${manager} vlans)
endforeach()
foreach(manager networkd ifupdown)
  kvmkit_lab_script(debian.${manager}.lease lab-slow ${lab_tests}/managers.py debian ${manager} dhcp)
endforeach()
kvmkit_lab_script(nspawn.killed lab ${lab_tests}/managers.py nspawn networkd killed ${PROJECT_BINARY_DIR}/net-setup-recover.service)
kvmkit_lab_script(nspawn.nm.lease lab-slow ${lab_tests}/managers.py nspawn nm dhcp)
kvmkit_lab_test(power-cut lab amd --disk 64M --no-module -- ${lab_tests}/power_cut.sh)
kvmkit_lab_script(harness.answers lab-slow ${lab_tests}/harness.py answers)
kvmkit_lab_script(harness.ends lab ${lab_tests}/harness.py ends 3)
kvmkit_lab_script(harness.ends-often lab-slow ${lab_tests}/harness.py ends 20)
kvmkit_lab_script(nspawn lab ${lab_tests}/fresh.py nspawn 8 6)
kvmkit_lab_script(debian lab-slow ${lab_tests}/fresh.py debian 40 6)
kvmkit_lab_script(fresh-host lab-slow ${CMAKE_CURRENT_SOURCE_DIR}/lab/fresh_host_test.sh ${PROJECT_SOURCE_DIR}
  ${PROJECT_BINARY_DIR})
kvmkit_lab_script(vm-run.vlan lab-slow ${lab_tests}/vlan_guest.sh ${PROJECT_BINARY_DIR})
set_tests_properties(lab.fresh-host lab.vm-run.vlan PROPERTIES TIMEOUT 3600)
set_tests_properties(lab.net.session-often lab.net.layers lab.power-cuts PROPERTIES TIMEOUT 1800)
foreach(variant nested-on nested-off firmware-off)
  kvmkit_lab_script(intel.${variant} lab-slow ${lab_tests}/intel.py ${variant})
endforeach()
foreach(name amd.nested-off amd.no-virtualization amd.no-module amd.no-device amd.forbidden amd.fixed amd.guest-code amd.cli net.kernel net.state
    net.operator net.session net.examples power-cut guest-of.vmware.without harness.answers harness.ends)
  set_tests_properties(lab.${name} PROPERTIES FIXTURES_REQUIRED lab_cache)
endforeach()
# The longest begin first, so that no CPU waits for them at the end.
set_tests_properties(lab.net.state lab.net.hands lab.net.session lab.net.examples PROPERTIES COST 100)
