import Foundation

/// The sanitizer that a test may run under.
enum ThreadSanitizer {
    /// Whether the process runs under it. Its shadow of all memory is a file to the kernel, so limits on files would end the process.
    static var isOn: Bool { dlsym(nil, "__tsan_init") != nil }
}
