internal import Foundation
internal import TensorFormats

/// A file of bearer tokens, one per line: `read TOKEN` or `write TOKEN`. A write token also allows reading. Empty lines and lines that
/// begin with `#` are ignored.
enum TokenFile {
    /// The shortest token without a warning: 16 random octets in Base64.
    static let advisedCount = 22
    /// Tokens are short; a larger file is not a token file.
    private static let maximumBytes = 1 << 20

    /// Reads a file.
    ///
    /// - Returns: the tokens, and what a user should know about the file.
    /// - Throws: `AccessError` that names the line, never the token.
    static func read(_ path: String) throws(AccessError) -> (tokens: TokenSet, warnings: [String]) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw AccessError("\(path): \(String(cString: strerror(errno)))") }
        guard status.st_size <= maximumBytes else {
            throw AccessError("\(path) has \(status.st_size) bytes, but a token file may have at most \(maximumBytes)")
        }
        guard let data = FileManager.default.contents(atPath: path) else { throw AccessError("\(path) cannot be read") }
        var warnings: [String] = []
        if status.st_mode & 0o077 != 0 {
            let mode = String(status.st_mode & 0o777, radix: 8)
            warnings.append("\(path) has mode \(mode): users other than its owner can access the tokens; run chmod 600")
        }
        let (tokens, shortest) = try parse([UInt8](data), path)
        if shortest < advisedCount {
            warnings.append("\(path) has a token of \(shortest) characters, which can be guessed; use at least \(advisedCount) random ones")
        }
        return (tokens, warnings)
    }

    /// Reads a file's lines.
    static func parse(_ bytes: [UInt8], _ path: String) throws(AccessError) -> (tokens: TokenSet, shortest: Int) {
        var tokens = TokenSet()
        var shortest = Int.max
        let mark: Int
        do { mark = try bytes.withUnsafeBytes(ByteOrderMark.check) } catch { throw AccessError("\(path) \(error)") }
        for (index, line) in bytes[mark...].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            let words = line.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }
            guard let kind = words.first, kind.first != UInt8(ascii: "#") else { continue }
            let isWriting = kind.elementsEqual("write".utf8)
            guard words.count == 2, isWriting || kind.elementsEqual("read".utf8) else {
                throw AccessError("\(path), line \(index + 1): expected \"read TOKEN\" or \"write TOKEN\"")
            }
            guard TokenSet.isToken(words[1]) else {
                throw AccessError(
                    """
                    \(path), line \(index + 1): expected a token of 1 to \(TokenSet.maximumCount) characters from A-Z a-z 0-9 \
                    - . _ ~ + /, with = only at the end
                    """
                )
            }
            guard tokens.insert(Array(words[1]), isWriting: isWriting) else {
                throw AccessError("\(path), line \(index + 1): the token already appears on an earlier line")
            }
            shortest = min(shortest, words[1].count)
        }
        guard !tokens.isEmpty else { throw AccessError("\(path) has no tokens, so nobody could call the service") }
        return (tokens, shortest)
    }
}
