import Foundation

/// A process's memory according to the system.
struct ProcessMemory {
    struct Failure: Error {}

    let identifier: Int32

    /// Bytes in RAM now.
    var resident: Int { get throws { try field("VmRSS") } }

    /// The most bytes in RAM since the last `forgetPeak`.
    var peak: Int { get throws { try field("VmHWM") } }

    /// Restarts the peak.
    func forgetPeak() throws {
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: "/proc/\(identifier)/clear_refs"))
        try file.write(contentsOf: Data("5".utf8))
        try file.close()
    }

    private func field(_ name: String) throws -> Int {
        // Such a file has a reported size of 0.
        guard let handle = FileHandle(forReadingAtPath: "/proc/\(identifier)/status"), let data = try handle.readToEnd() else {
            throw Failure()
        }
        for line in String(decoding: data, as: UTF8.self).split(separator: "\n") where line.hasPrefix(name + ":") {
            guard let kibibytes = line.split(separator: " ").dropFirst().first.flatMap({ Int($0.trimmingCharacters(in: .whitespaces)) })
            else {
                throw Failure()
            }
            return kibibytes << 10
        }
        throw Failure()
    }
}
