import Foundation
import TensorFormats

/// A text in a format that is not supported.
enum ForeignText: Equatable, CustomStringConvertible {
    /// One JSON value; rows must be on a line each.
    case json
    /// Labels with pairs of index and value.
    case svmlight
    case arff

    /// - Parameters:
    ///   - start: the first bytes.
    ///   - path: the file's path.
    /// - Returns: nil if the format is not recognised.
    init?(_ start: [UInt8], path: String) {
        let text = String(decoding: start[start.withUnsafeBytes { ByteOrderMark.length(of: $0) }...], as: UTF8.self)
        guard let first = text.first(where: { !$0.isWhitespace }) else { return nil }
        if first == "[" {
            self = .json
        } else if first == "@" || first == "%", text.lowercased().contains("@relation") {
            self = .arff
        } else if Self.isSVMLight(text, isNamed: ["svm", "libsvm", "svmlight"].contains(Self.pathExtension(path))) {
            self = .svmlight
        } else {
            return nil
        }
    }

    private static func pathExtension(_ path: String) -> String { URL(fileURLWithPath: path).pathExtension.lowercased() }

    /// Whether the first row is a number followed by pairs `index:value`; with a matching file name one pair suffices.
    private static func isSVMLight(_ text: String, isNamed: Bool) -> Bool {
        let lines = text.split(whereSeparator: \.isNewline)
        guard let line = lines.first(where: { !$0.hasPrefix("#") }) else { return isNamed }
        var words = line.split { $0 == " " || $0 == "\t" }
        // The last word may be cut off.
        if lines.count == 1, words.count > 2 { words.removeLast() }
        guard let label = words.first, label.split(separator: ",").allSatisfy({ Double($0) != nil }) else { return isNamed }
        let values = words.dropFirst().prefix { !$0.hasPrefix("#") }.filter { !$0.hasPrefix("qid:") }
        guard !values.isEmpty else { return isNamed }
        return values.allSatisfy { word in
            let parts = word.split(separator: ":", omittingEmptySubsequences: false)
            return parts.count == 2 && Int(parts[0]) != nil && Double(parts[1]) != nil
        }
    }

    var description: String {
        switch self {
        case .json: "a JSON document, not one object per line"
        case .svmlight: "an svmlight (libsvm) file"
        case .arff: "an ARFF file"
        }
    }
}
