import Foundation
import Testing

@testable import accrue

/// Files that are replaced atomically, whatever was there before.
@Suite struct ReplacedFileTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func replace(_ path: String, _ text: String) throws {
        let file = try ReplacedFile(path)
        try Array(text.utf8).withUnsafeBytes(file.append)
        try file.commit()
    }

    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    @Test func aFileIsReplacedWhenItIsWhole() throws {
        let path = try scratch.file("f", "old")
        do {
            let file = try ReplacedFile(path)
            try Array("half".utf8).withUnsafeBytes(file.append)
            #expect(try text(path) == "old")
        }
        #expect(try text(path) == "old")
        try replace(path, "new")
        #expect(try text(path) == "new")
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == ["f"])
    }

    @Test(arguments: [true, false]) func aLinkStaysALink(isThere: Bool) throws {
        let directory = scratch.path + "/elsewhere"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        if isThere { _ = try scratch.file("elsewhere/f", "old") }
        try FileManager.default.createSymbolicLink(atPath: scratch.path + "/second", withDestinationPath: "elsewhere/f")
        try FileManager.default.createSymbolicLink(atPath: scratch.path + "/first", withDestinationPath: scratch.path + "/second")
        try replace(scratch.path + "/first", "new")
        #expect(try text(directory + "/f") == "new")
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: scratch.path + "/first") == scratch.path + "/second")
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: scratch.path + "/second") == "elsewhere/f")
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["f"])
    }

    @Test func whatIsNoFileIsWrittenTo() throws {
        let path = scratch.path + "/pipe"
        #expect(mkfifo(path, 0o600) == 0)
        // Open for both, so that neither end waits for the other.
        let descriptor = open(path, O_RDWR)
        defer { close(descriptor) }
        try replace(path, "through")
        var buffer = [UInt8](repeating: 0, count: 100)
        #expect(read(descriptor, &buffer, 100) == 7)
        #expect(String(decoding: buffer[..<7], as: UTF8.self) == "through")
        var information = stat()
        #expect(lstat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFIFO)
        #expect(message { _ = try ReplacedFile(scratch.path) }.contains("is a directory"))
    }
}
