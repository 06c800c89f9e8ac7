# host-setup on a real apt and dpkg: a Debian root in a folder, stub packages from a repository in a file, one private
# mount namespace and one overlay for each case. Needs root, mmdebstrap and its mirror; the root is kept in the build folder.
set(setup_lab ${PROJECT_BINARY_DIR}/setup-lab)
set(setup_driver ${CMAKE_CURRENT_SOURCE_DIR}/setup/run_case.py)

kvmkit_script_test(setup-root setup ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/setup/make_lab.py ${setup_lab})
set_tests_properties(setup-root PROPERTIES FIXTURES_SETUP setup_root COST 100)  # begins early: it waits for downloads

foreach(case
    installs_then_finds_nothing_to_do components_are_done_alone held_locks_are_named_and_waited_for
    a_lock_that_is_dropped_is_waited_out a_failing_postinst_lists_what_stays a_mirror_that_moved_on_is_told a_missing_candidate_is_named
    an_update_that_lies_is_found a_removal_is_refused a_full_disk_is_refused what_is_mounted_read_only_is_refused
    a_killed_run_is_finished_by_the_next
    a_question_cannot_hang_it a_hanging_postinst_is_ended an_interrupted_dpkg_is_seen_first a_second_instance_is_kept_out
    only_root_may_apply a_signal_ends_it_between_steps a_late_failure_gives_the_device_back other_distributions_are_refused the_third_tier_is_planned_for_only
    rivals_are_refused a_host_is_detected_with_what_was_read profiles_and_bundles_are_installed
    a_half_configured_package_is_repaired_on_request
    systemd_starts_libvirt a_masked_unit_is_refused a_daemon_that_does_not_answer_is_stopped_again
    a_libvirt_without_qemu_is_stopped_again
    a_killed_start_is_undone modular_daemons_are_started_and_libvirtd_is_not kvm_check_mends_modular_daemons
    a_plan_that_is_killed_under_systemd_ends_with_a_libvirt_that_answers
    a_range_is_taken_or_refused a_network_that_is_killed_anywhere_is_as_before
    wishes_that_belong_nowhere_are_refused a_policy_of_the_administrator_comes_back what_does_not_hold_is_named
    the_option_nested_waits_for_a_reboot
    a_saved_plan_is_made_and_no_other a_host_that_drifted_is_named_path_by_path a_plan_that_is_not_this_hosts_is_refused
    what_kvm_check_found_is_done a_package_may_go_where_it_is_named
    commands_that_are_told_name_the_image an_image_is_looked_at_while_it_is_changed an_image_whose_programs_may_not_run_is_refused
    an_image_is_made_what_a_host_is an_image_that_is_killed_anywhere_is_mended
    an_image_that_is_cut_while_dpkg_works_is_mended_by_the_next nothing_of_an_image_is_started what_is_no_image_is_refused)
  add_test(NAME setup-${case} COMMAND unshare --mount --net --propagation private
    ${Python3_EXECUTABLE} ${setup_driver} ${setup_lab} $<TARGET_FILE:host-setup> ${case})
  set_tests_properties(setup-${case} PROPERTIES LABELS setup SKIP_RETURN_CODE 77 TIMEOUT 240
    FIXTURES_REQUIRED setup_root)
endforeach()

# On 127.0.0.1 of a network namespace: mirrors with a throw-away key, and sshd.
foreach(case
    a_mirror_is_used_and_given_back security_moves_only_if_it_is_asked_for stanzas_are_edited_in_place
    a_component_of_apply_turns_first a_failed_installation_gives_the_sources_back mirrors_that_do_not_serve_are_refused
    sources_that_do_not_serve_are_named_by_apply
    a_mirror_without_a_package_is_refused an_ended_release_is_found_in_the_archive
    an_ended_release_moves_with_its_security mirrors_are_measured
    a_mirror_that_fails_late_gives_the_sources_back a_killed_switch_is_undone a_folder_that_takes_no_bytes_keeps_the_old_sources
    edited_sources_are_not_overwritten unreadable_sources_are_named suites_that_are_not_released_are_never_moved
    labels_and_access_lists_are_kept an_undoing_that_is_killed_is_ended a_way_back_that_is_barred_is_tried_again
    root_logs_in_and_confirms nobody_confirms_and_it_is_undone a_killed_change_is_undone what_would_not_help_is_refused
    what_beats_it_is_named a_range_is_let_in_alone without_include_the_main_file_is_edited)
  add_test(NAME setup-${case} COMMAND unshare --mount --net --propagation private
    ${Python3_EXECUTABLE} ${setup_driver} ${setup_lab} $<TARGET_FILE:host-setup> ${case})
  set_tests_properties(setup-${case} PROPERTIES LABELS setup SKIP_RETURN_CODE 77 TIMEOUT 240
    FIXTURES_REQUIRED setup_root)
endforeach()

# These must not see the VMs of others.
foreach(case a_plan_that_is_killed_is_made_to_its_end what_was_begun_is_no_leave_for_more what_a_killed_run_began_is_waited_for
    an_order_is_finished_or_named
    of_several_the_newest_is_finished nothing_older_is_finished_over_what_stands what_has_no_inverse_is_waited_for
    what_was_not_begun_or_stood_explains_nothing what_is_refused_once_something_is_undone_says_so
    what_dpkg_was_cut_off_in_is_finished_by_the_next
    only_its_own_packages_are_finished
    what_could_not_be_finished_is_finished_by_the_next_try what_was_rolled_back_on_request_is_finished_on_request_alone
    what_another_version_began_is_refused_before_it_is_undone
    what_was_done_is_listed_and_taken_back a_running_vm_keeps_what_it_runs_on
    packages_go_where_they_are_asked_for packages_can_be_asked_for_afterwards what_others_need_is_not_removed
    a_running_vm_keeps_its_packages a_removal_that_is_killed_anywhere_is_ended a_dpkg_that_is_killed_in_a_removal_is_ended
    settings_that_were_edited_stay what_is_not_known_for_sure_is_refused
    what_cannot_be_undone_is_named_and_tried_again what_was_left_stays_while_a_newer_change_stands_on_it
    an_apply_that_is_killed_anywhere_is_ended
    a_component_of_apply_lets_root_in_last
    openrc_starts_libvirt a_policy_forbids_openrc_too an_image_that_openrc_starts_is_enabled sysvinit_starts_libvirt
    the_network_leaves_the_hosts_addresses_alone the_network_is_switched_off a_user_is_put_into_groups_and_taken_out)
  add_test(NAME setup-${case} COMMAND unshare --mount --net --pid --fork --kill-child --propagation private
    ${Python3_EXECUTABLE} ${setup_driver} ${setup_lab} $<TARGET_FILE:host-setup> ${case})
  set_tests_properties(setup-${case} PROPERTIES LABELS setup SKIP_RETURN_CODE 77 TIMEOUT 240
    FIXTURES_REQUIRED setup_root)
endforeach()

# dnf, zypper, rpm and pacman, real, in a root of their own that calls itself Rocky Linux, openSUSE or Arch Linux.
set(setup_rpm_lab ${PROJECT_BINARY_DIR}/setup-rpm-lab)
kvmkit_script_test(setup-rpm-root setup ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/setup/make_rpm_lab.py ${setup_rpm_lab})
set_tests_properties(setup-rpm-root PROPERTIES FIXTURES_SETUP setup_rpm_root TIMEOUT 600 COST 100)
set(setup_rpm_cases installs_then_finds_nothing_to_do progress_is_told locks_are_named_and_waited_for lock_that_is_dropped_is_waited_out
  removal_is_refused failure_takes_back_what_it_installed missing_package_is_named unsolvable_installation_is_told
  rollback_removes_what_it_brought_and_no_more killed_run_is_undone_by_the_next dead_repository_does_not_spoil_the_others
  an_image_is_left_to_what_makes_it)
set(setup_pacman_cases installs_then_finds_nothing_to_do lock_that_is_dropped_is_waited_out killed_run_is_undone_by_the_next
  lock_is_waited_for_or_called_abandoned removal_is_refused host_is_upgraded_along_and_never_in_part
  failure_leaves_lists_that_fit_the_packages failing_script_takes_back_what_it_installed settings_that_lie_beside_are_told
  unsolvable_installation_is_told rollback_removes_what_it_brought_and_no_more dead_repository_is_refused)
# Of repositories and mirrors, the same for each of them: servers on 127.0.0.1.
set(setup_mirror_cases mirror_is_used_and_given_back mirrors_that_do_not_serve_are_refused
  mirror_that_fails_late_gives_the_repositories_back killed_switch_is_undone component_of_apply_turns_first
  security_moves_only_if_it_is_asked_for edited_repositories_are_not_overwritten mirrors_are_measured
  ended_release_is_found_in_the_archive unreadable_repositories_are_named)
foreach(manager dnf zypper pacman)
  set(cases ${setup_rpm_cases})
  if(manager STREQUAL dnf)
    list(APPEND cases image_is_planned_for centos_7_is_planned_for_only signature_of_an_index_is_checked_as_before
      desktop_comes_as_a_group group_that_no_repository_has_is_named)
  endif()
  if(manager STREQUAL zypper)
    list(APPEND cases trial_waits_for_a_lock_as_long_as_it_is_told desktop_comes_as_a_pattern)
  endif()
  if(manager STREQUAL pacman)
    set(cases ${setup_pacman_cases})
  endif()
  list(APPEND cases ${setup_mirror_cases})
  if(manager STREQUAL pacman)
    list(REMOVE_ITEM cases security_moves_only_if_it_is_asked_for)  # Arch has no repository of its own for it
  endif()
  foreach(case ${cases})
    add_test(NAME setup-${manager}_${case} COMMAND unshare --mount --net --pid --fork --kill-child --propagation private
      ${Python3_EXECUTABLE} ${setup_driver} ${setup_rpm_lab} $<TARGET_FILE:host-setup> ${manager}_${case})
    set_tests_properties(setup-${manager}_${case} PROPERTIES LABELS setup SKIP_RETURN_CODE 77 TIMEOUT 240
      FIXTURES_REQUIRED setup_rpm_root)
  endforeach()
endforeach()

# dnf5, real, in a root of the first Debian that has it. Minutes: scripts/test --setup-slow.
set(setup_dnf5_lab ${PROJECT_BINARY_DIR}/setup-dnf5-lab)
kvmkit_script_test(setup-dnf5-root setup-slow ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/setup/make_rpm_lab.py
  ${setup_dnf5_lab} forky)
set_tests_properties(setup-dnf5-root PROPERTIES FIXTURES_SETUP setup_dnf5_root TIMEOUT 1200)
set(setup_dnf5_cases ${setup_rpm_cases} ${setup_mirror_cases} dnf5_lock_is_named_and_waited_for image_is_planned_for
  desktop_comes_as_a_group group_that_no_repository_has_is_named)
list(REMOVE_ITEM setup_dnf5_cases locks_are_named_and_waited_for)
foreach(case ${setup_dnf5_cases})
  add_test(NAME setup-dnf5_${case} COMMAND unshare --mount --net --pid --fork --kill-child --propagation private
    ${Python3_EXECUTABLE} ${setup_driver} ${setup_dnf5_lab} $<TARGET_FILE:host-setup> dnf5_${case})
  set_tests_properties(setup-dnf5_${case} PROPERTIES LABELS setup-slow SKIP_RETURN_CODE 77 TIMEOUT 240
    FIXTURES_REQUIRED setup_dnf5_root)
endforeach()

# Fresh hosts with systemd and the real packages, booted by systemd-nspawn. Minutes: scripts/test --setup-slow.
set(setup_hosts ${PROJECT_BINARY_DIR}/setup-hosts)
foreach(suite bullseye bookworm trixie)
  kvmkit_script_test(setup-host-${suite} setup-slow ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/setup/make_host.py
    ${setup_hosts} $<TARGET_FILE:host-setup> ${suite})
  set_tests_properties(setup-host-${suite} PROPERTIES FIXTURES_SETUP setup_host_${suite} TIMEOUT 1800)
  string(REGEX REPLACE "^bullseye$" 11 release ${suite})
  string(REGEX REPLACE "^bookworm$" 12 release ${release})
  string(REGEX REPLACE "^trixie$" 13 release ${release})
  kvmkit_script_test(setup-names-${suite} setup-slow ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/setup/names_test.py
    $<TARGET_FILE:host-setup> ${suite} ${release})
  add_test(NAME setup-price-${suite} COMMAND unshare --mount --propagation private ${Python3_EXECUTABLE}
    ${CMAKE_CURRENT_SOURCE_DIR}/setup/price_test.py ${setup_hosts} $<TARGET_FILE:host-setup> ${suite})
  set_tests_properties(setup-price-${suite} PROPERTIES LABELS setup-slow SKIP_RETURN_CODE 77 TIMEOUT 900
    FIXTURES_REQUIRED setup_host_${suite} RESOURCE_LOCK setup_nspawn)
  foreach(case what_is_applied_is_given_back a_nested_host_keeps_its_gateway what_stands_in_the_way_is_named all_that_runs_is_killed_and_it_is_finished
      a_plan_that_is_cut_is_finished an_image_is_made_and_boots_as_a_kvm_host)
    add_test(NAME setup-${suite}-${case} COMMAND unshare --mount --net --propagation private
      ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/setup/run_fresh.py ${setup_hosts} $<TARGET_FILE:host-setup> ${suite} ${case})
    set_tests_properties(setup-${suite}-${case} PROPERTIES LABELS setup-slow SKIP_RETURN_CODE 77 TIMEOUT 1500
      FIXTURES_REQUIRED setup_host_${suite} RESOURCE_LOCK setup_nspawn)
  endforeach()
endforeach()

# Component tools, really installed, on one of them.
kvmkit_script_test(setup-host-tools setup-slow ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/setup/make_host.py
  ${setup_hosts} $<TARGET_FILE:host-setup> bookworm tools)
set_tests_properties(setup-host-tools PROPERTIES FIXTURES_REQUIRED setup_host_bookworm FIXTURES_SETUP setup_host_tools TIMEOUT 1800)
add_test(NAME setup-bookworm-virt_manager_lists_the_host COMMAND unshare --mount --net --propagation private
  ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/setup/run_fresh.py ${setup_hosts} $<TARGET_FILE:host-setup> bookworm
  virt_manager_lists_the_host)
set_tests_properties(setup-bookworm-virt_manager_lists_the_host PROPERTIES LABELS setup-slow SKIP_RETURN_CODE 77 TIMEOUT 1500
  FIXTURES_REQUIRED setup_host_tools RESOURCE_LOCK setup_nspawn)

# Root's login, by the packaged sshd and sessions of logind's.
foreach(suite bookworm trixie)
  kvmkit_script_test(setup-host-${suite}-ssh-root setup-slow ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/setup/make_host.py
    ${setup_hosts} $<TARGET_FILE:host-setup> ${suite} ssh-root)
  set_tests_properties(setup-host-${suite}-ssh-root PROPERTIES FIXTURES_REQUIRED setup_host_${suite}
    FIXTURES_SETUP setup_host_${suite}_ssh_root TIMEOUT 1800)
  foreach(case a_daemon_lets_root_in a_socket_lets_root_in whatever_dies_root_is_shut_out_in_time
      a_trial_that_a_power_cut_ends_is_undone_by_resume)
    add_test(NAME setup-${suite}-${case} COMMAND unshare --mount --net --propagation private
      ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/setup/run_fresh.py ${setup_hosts} $<TARGET_FILE:host-setup> ${suite} ${case})
    set_tests_properties(setup-${suite}-${case} PROPERTIES LABELS setup-slow SKIP_RETURN_CODE 77 TIMEOUT 1500
      FIXTURES_REQUIRED setup_host_${suite}_ssh_root RESOURCE_LOCK setup_nspawn)
  endforeach()
endforeach()

# The real libvirtd and its network, on a host of their own.
kvmkit_script_test(host-setup.network virt ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/support/private_host.py
  ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/guest
  ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/setup/default_network_test.py)
set_tests_properties(host-setup.network PROPERTIES ENVIRONMENT KVMKIT_HOST_SETUP=$<TARGET_FILE:host-setup> TIMEOUT 600)
