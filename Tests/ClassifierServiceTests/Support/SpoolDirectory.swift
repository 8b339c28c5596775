import Foundation

/// A separate directory for temporary files, to check that they are closed again.
final class SpoolDirectory {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "spool-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Waits until no file of the directory is open in this process, and the directory is empty.
    ///
    /// - Returns: false if some stay.
    func isUnused(_ service: TestService) -> Bool {
        service.wait { openFiles == 0 } && (try? FileManager.default.contentsOfDirectory(atPath: path)) == []
    }

    private var openFiles: Int {
        let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        return descriptors.count { descriptor in
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/" + descriptor))?.contains(path) ?? false
        }
    }
}
