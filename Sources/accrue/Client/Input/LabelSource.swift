import CommandSupport
import Foundation
import TensorFormats

/// Labels separate from the rows: from an array, or one per line of a text.
final class LabelSource {
    private enum Content {
        case array(ArraySlices, next: Int)
        case list(PackedStrings, next: Int)
        case lines(ByteStream, LineSplitter)
    }

    /// The number of labels, if known in advance.
    let count: Int?
    /// The source's name in messages.
    let place: String
    private var content: Content
    private var appended = 0
    /// The last line read of a text.
    private var lastLine = 0

    /// Labels of an array of strings or integers.
    init(_ array: ArraySlices) throws {
        guard array.layout.shape.count == 1 else {
            throw InputError("\(array.place) has shape \(array.layout.shape), expected [rows]")
        }
        count = array.layout.shape[0]
        place = array.place
        content = .array(array, next: 0)
    }

    /// Labels already in memory.
    init(_ labels: PackedStrings, place: String) {
        count = labels.count
        self.place = place
        content = .list(labels, next: 0)
    }

    /// Labels of a file: an npy array, or a text with one per line.
    init(file path: String) throws {
        let stream = try ByteStream(path, unpacks: true)
        place = stream.name
        let signature = try Array(stream.peek(FileSignature.byteCount)).withUnsafeBytes { FileSignature($0) }
        if let signature, signature != .npy {
            throw InputError("\(place) is \(signature.description); expected labels as npy, or as text with one per line")
        }
        if signature == .npy {
            let array = try ArraySlices(npy: try stream.map() ?? MappedInput(spooling: stream), name: "labels")
            guard array.layout.shape.count == 1 else { throw InputError("\(path) has shape \(array.layout.shape), expected [rows]") }
            count = array.layout.shape[0]
            content = .array(array, next: 0)
        } else {
            count = nil
            try stream.skipByteOrderMark()
            content = .lines(stream, LineSplitter(maximumLineBytes: RowLimits.labelBytes + 2))
        }
    }

    /// Appends the next `wanted` labels.
    ///
    /// - Throws: `InputError` naming the row, also if there are too few.
    func append(_ wanted: Int, into labels: inout PackedStrings) throws {
        let start = labels.count
        switch content {
        case .array(let array, let next):
            try array.withRows(next..<min(next + wanted, array.layout.shape[0])) { (view) throws(ArrayError) in
                _ = try view.appendLabels(into: &labels, maximumCount: wanted, maximumBytes: RowLimits.labelBytes)
            }
            content = .array(array, next: next + wanted)
        case .list(let list, let next):
            for index in next..<min(next + wanted, list.count) { list.withUnsafeBytes(at: index) { labels.append(utf8: $0) } }
            content = .list(list, next: next + wanted)
        case .lines(let stream, var lines):
            while labels.count - start < wanted, let line = try nextLine(stream, &lines) {
                // Skipping it would shift all later labels to other rows. After the last label it shifts none.
                guard line.number == lastLine + 1 else {
                    throw InputError("\(place), line \(lastLine + 1) is blank, expected the label of row \(lastLine + 1)")
                }
                lastLine = line.number
                try lines.withUnsafeBytes(of: line) { text in
                    let trimmed = String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespaces)
                    guard trimmed.utf8.count <= RowLimits.labelBytes, String(validating: text, as: UTF8.self) != nil else {
                        throw InputError("\(place), line \(line.number): a label must be UTF-8 of at most \(RowLimits.labelBytes) bytes")
                    }
                    labels.append(trimmed)
                }
            }
            content = .lines(stream, lines)
        }
        guard labels.count - start == wanted else {
            throw InputError("\(place) has \(appended + labels.count - start) labels, but there are more rows")
        }
        for index in start..<labels.count where labels.byteRange(at: index).isEmpty {
            throw InputError("\(place): the label of row \(appended + index - start + 1) is empty")
        }
        appended += wanted
    }

    /// Called after the last row.
    ///
    /// - Throws: `InputError` if labels are left.
    func finish() throws {
        guard case .lines(let stream, var lines) = content else {
            guard count == nil || count == appended else {
                throw InputError("\(place) has \(count!) labels, but there are only \(appended) rows")
            }
            return
        }
        if try nextLine(stream, &lines) != nil { throw InputError("\(place) has more labels than the \(appended) rows") }
    }

    private func nextLine(_ stream: ByteStream, _ lines: inout LineSplitter) throws -> LineSplitter.Line? {
        do {
            while true {
                if let line = try lines.nextLine() { return line }
                let isAtEnd = try withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 1) { buffer in
                    let count = try stream.read(into: buffer)
                    lines.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                    return count == 0
                }
                guard isAtEnd else { continue }
                lines.finish()
                return try lines.nextLine()
            }
        } catch let error as LineSplitter.LineTooLong { throw InputError("\(place): \(error)") }
    }
}
