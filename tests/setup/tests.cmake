# host-setup on a real apt and dpkg: a Debian root in a folder, stub packages from a repository in a file, one private
# mount namespace and one overlay for each case. Needs root, mmdebstrap and its mirror; the root is kept in the build folder.
set(setup_lab ${PROJECT_BINARY_DIR}/setup-lab)
set(setup_driver ${CMAKE_CURRENT_SOURCE_DIR}/setup/run_case.py)

kvmkit_script_test(setup-root setup ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/setup/make_lab.py ${setup_lab})
set_tests_properties(setup-root PROPERTIES FIXTURES_SETUP setup_root)

foreach(case
    installs_then_finds_nothing_to_do components_are_done_alone held_locks_are_named_and_waited_for
    a_lock_that_is_dropped_is_waited_out a_failing_postinst_lists_what_stays a_mirror_that_moved_on_is_told a_missing_candidate_is_named
    an_update_that_lies_is_found a_removal_is_refused a_full_disk_is_refused a_killed_run_is_finished_by_the_next
    a_question_cannot_hang_it a_hanging_postinst_is_ended an_interrupted_dpkg_is_seen_first a_second_instance_is_kept_out
    only_root_may_apply a_signal_ends_it_between_steps a_late_failure_gives_the_device_back other_distributions_are_refused
    systemd_starts_libvirt a_masked_unit_is_refused a_daemon_that_does_not_answer_is_stopped_again)
  add_test(NAME setup-${case} COMMAND unshare --mount --net --propagation private
    ${Python3_EXECUTABLE} ${setup_driver} ${setup_lab} $<TARGET_FILE:host-setup> ${case})
  set_tests_properties(setup-${case} PROPERTIES LABELS setup SKIP_RETURN_CODE 77 TIMEOUT 120
    FIXTURES_REQUIRED setup_root)
endforeach()
