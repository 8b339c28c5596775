@testable import TensorFormats

/// Hand-made archives of any entries.
enum ZipArchive {
    struct Entry {
        var name: String
        /// The stored bytes.
        var data: [UInt8]
        /// The uncompressed content; nil if it is stored uncompressed.
        var content: [UInt8]?
    }

    static func encode(_ entries: [Entry]) -> [UInt8] {
        var file: [UInt8] = []
        var directory: [UInt8] = []
        for entry in entries {
            let name = Array(entry.name.utf8)
            let content = entry.content ?? entry.data
            let method = little(entry.content == nil ? 0 : 8, 2)
            let sizes =
                little(content.withUnsafeBytes { Int(CRC32.checksum(of: $0)) }, 4) + little(entry.data.count, 4) + little(content.count, 4)
            let start = file.count
            file += [0x50, 0x4B, 3, 4, 20, 0, 0, 0] + method + [0, 0, 0, 0] + sizes + little(name.count, 2) + [0, 0] + name + entry.data
            directory += [0x50, 0x4B, 1, 2, 20, 0, 20, 0, 0, 0] + method + [0, 0, 0, 0] + sizes + little(name.count, 2)
            directory += [UInt8](repeating: 0, count: 12) + little(start, 4) + name
        }
        let count = little(entries.count, 2)
        return file + directory + [0x50, 0x4B, 5, 6, 0, 0, 0, 0] + count + count + little(directory.count, 4) + little(file.count, 4) + [
            0, 0,
        ]
    }

    private static func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
}
