# Two Debian packages: kvmkit-check (kvm-check alone, no dependency at all) and kvmkit (everything else). An apt install
# of the second pulls in the first.
file(GLOB check_pages ${PROJECT_SOURCE_DIR}/docs/man/kvm-check.1)
file(GLOB kit_pages ${PROJECT_SOURCE_DIR}/docs/man/host-setup.1 ${PROJECT_SOURCE_DIR}/docs/man/net-setup.1
  ${PROJECT_SOURCE_DIR}/docs/man/vm-run.1)
install(FILES ${check_pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT check)
install(FILES ${kit_pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT kit)
install(FILES README.md CHANGELOG.md docs/exit-codes.md docs/state-files.md docs/vm-files.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT kit)
install(FILES share/mirrors.json share/packages.json DESTINATION ${CMAKE_INSTALL_DATADIR}/kvmkit COMPONENT kit)
install(DIRECTORY docs/schema DESTINATION ${CMAKE_INSTALL_DATADIR}/kvmkit COMPONENT kit)
install(FILES packaging/copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/kvmkit-check COMPONENT check)
install(FILES packaging/copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/kvmkit COMPONENT kit)

# What a power cut left half written is ended before any manager reads it. The link makes the unit start without a script.
set(unit_folder ${CMAKE_INSTALL_PREFIX}/lib/systemd/system)
configure_file(packaging/net-setup-recover.service.in ${PROJECT_BINARY_DIR}/net-setup-recover.service @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/net-setup-recover.service DESTINATION ${unit_folder} COMPONENT kit)
install(CODE "file(MAKE_DIRECTORY \"\$ENV{DESTDIR}${unit_folder}/sysinit.target.wants\")
  file(CREATE_LINK ../net-setup-recover.service
    \"\$ENV{DESTDIR}${unit_folder}/sysinit.target.wants/net-setup-recover.service\" SYMBOLIC)" COMPONENT kit)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME kvmkit)
set(CPACK_PACKAGE_VENDOR kvmkit)
set(CPACK_PACKAGE_CONTACT "kvmkit developers <kvmkit@localhost>")
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGING_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)
set(CPACK_COMPONENTS_ALL check kit)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)

set(CPACK_DEBIAN_CHECK_PACKAGE_NAME kvmkit-check)
set(CPACK_COMPONENT_CHECK_DESCRIPTION "Tells, with proof, whether this host can run KVM guests
 Runs guest code through /dev/kvm and measures it; says why a host cannot run
 guests and which command mends it. Needs nothing but a Linux kernel.")

set(CPACK_DEBIAN_KIT_PACKAGE_NAME kvmkit)
set(CPACK_DEBIAN_KIT_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_KIT_PACKAGE_DEPENDS "kvmkit-check (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_KIT_PACKAGE_RECOMMENDS "qemu-system-x86, qemu-utils, libvirt-daemon-system")
set(CPACK_COMPONENT_KIT_DESCRIPTION "Turns a fresh Linux host into a KVM host and runs VMs on it
 host-setup installs and starts what a KVM host needs, net-setup makes bridges
 without losing the host, vm-run launches a VM in one command.")
include(CPack)
