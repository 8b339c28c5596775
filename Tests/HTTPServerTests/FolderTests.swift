import Foundation
import Testing

/// Which folder of the module may use which.
@Suite struct FolderTests {
    private static let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Sources/HTTPServer")

    /// The lines of a folder's files, but for comments.
    private static func lines(of folder: String) throws -> [Substring] {
        let files = try FileManager.default.contentsOfDirectory(at: sources.appendingPathComponent(folder), includingPropertiesForKeys: nil)
        return try files.filter { $0.pathExtension == "swift" }.flatMap { file in
            try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        }.filter { !$0.drop { $0 == " " }.hasPrefix("//") }
    }

    private static func words(_ line: Substring) -> [Substring] {
        line.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
    }

    @Test func messagesDoNotUseTheLoop() throws {
        let kinds: Set<Substring> = ["class", "struct", "enum", "protocol", "actor", "typealias"]
        let declared = try Self.lines(of: "Loop").filter { !$0.hasPrefix(" ") }.compactMap { line in
            let words = Self.words(line)
            return words.firstIndex(where: kinds.contains).map { words[$0 + 1] }
        }
        #expect(declared.contains("EventLoop") && declared.contains("Connection"))
        let used = Set(try Self.lines(of: "Messages").flatMap(Self.words))
        #expect(used.contains("Responder"))
        #expect(used.intersection(declared).isEmpty)
    }
}
