kvmkit_script_test(guest.boots guest ${CMAKE_CURRENT_SOURCE_DIR}/guest/make_guest_test.sh
  ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
