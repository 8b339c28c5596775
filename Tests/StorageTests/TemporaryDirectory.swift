import Glibc

@testable import Storage

/// A new empty directory, removed with everything in it.
final class TemporaryDirectory {
    let path: String

    init() {
        var template = Array("/tmp/accrue-storage-XXXXXX".utf8CString)
        path = String(cString: mkdtemp(&template)!)
    }

    deinit {
        for name in names { unlink("\(path)/\(name)") }
        rmdir(path)
    }

    /// The names in the directory.
    var names: [String] {
        let directory = opendir(path)!
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}

/// The error that `body` throws, or nil.
func storageError<Result: ~Copyable>(_ body: () throws(StorageError) -> Result) -> StorageError? {
    do throws(StorageError) {
        _ = try body()
        return nil
    } catch { return error }
}
