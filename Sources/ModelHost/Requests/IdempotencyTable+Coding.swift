internal import AnalyticLearning
internal import TensorFormats

/// The table's encoding in a checkpoint, in the tensor `idempotency`; all numbers little-endian.
extension IdempotencyTable {
    /// The table as bytes.
    ///
    /// Classes kept by identity are written as columns: these become their identities when the state is read.
    func encoded(_ registry: ClassRegistry) -> [UInt8] {
        let entries = inOrder
        var bytes: [UInt8] = []
        bytes.append(integer: UInt64(entries.count))
        for (key, entry) in entries {
            bytes.append(integer: Int64(entry.time))
            bytes.append(integer: UInt32(key.text.utf8.count))
            bytes.append(integer: UInt32(entry.blocks.count))
            bytes += key.text.utf8
            for block in entry.blocks { Self.append(block, registry, to: &bytes) }
        }
        return bytes
    }

    private static func append(_ block: Block, _ registry: ClassRegistry, to bytes: inout [UInt8]) {
        bytes.append(integer: block.hash)
        switch block.answer {
        case .learn(let answer, let classes):
            append(classes, kinds: (named: 5, identified: 6), to: &bytes)
            for number in [answer.version, answer.rows, answer.samples, answer.classes] { bytes.append(integer: UInt64(number)) }
            // NaN if there is none.
            for accuracy in [answer.accuracyBefore, answer.servedAccuracyBefore] { bytes.append(integer: (accuracy ?? .nan).bitPattern) }
            append(elementsOf: classes, registry, to: &bytes)
        case .listing(let start, let classes, let end):
            append(classes, kinds: (named: 4, identified: 3), to: &bytes)
            for part in [start, end] {
                bytes.append(integer: UInt32(part.count))
                bytes += part
            }
            append(elementsOf: classes, registry, to: &bytes)
        case .body(let body):
            bytes.append(integer: UInt32(1))
            bytes.append(integer: UInt32(body.count))
            bytes += body
        }
    }

    private static func append(_ classes: AnsweredClasses, kinds: (named: UInt32, identified: UInt32), to bytes: inout [UInt8]) {
        switch classes {
        case .named(let labels):
            bytes.append(integer: kinds.named)
            bytes.append(integer: UInt32(labels.count))
        case .identified(let ranges):
            bytes.append(integer: kinds.identified)
            bytes.append(integer: UInt32(ranges.count))
        }
    }

    private static func append(elementsOf classes: AnsweredClasses, _ registry: ClassRegistry, to bytes: inout [UInt8]) {
        switch classes {
        case .named(let labels):
            for label in labels {
                bytes.append(integer: UInt32(label.byteCount))
                label.withBytes { bytes.append(contentsOf: $0) }
            }
        case .identified(let ranges):
            for range in ranges {
                let columns = registry.columns(of: range)
                bytes.append(integer: UInt64(columns.lowerBound))
                bytes.append(integer: UInt64(columns.upperBound))
            }
        }
    }

    /// Reads a table.
    ///
    /// - Returns: nil if the bytes are not a table.
    init?(_ bytes: UnsafeRawBufferPointer, model: String) {
        self.init()
        var reader = ByteReader(bytes)
        guard let count = reader.count(), count <= Self.maximumKeys else { return nil }
        for _ in 0..<count {
            guard let time = reader.integer(Int64.self), let length = reader.integer(UInt32.self), let blocks = reader.integer(UInt32.self),
                let key = reader.text(Int(length)).flatMap(IdempotencyKey.init), RequestIdentity.times.contains(time), entries[key] == nil
            else { return nil }
            var entry = Entry(time: Int(time), blocks: [])
            for _ in 0..<blocks {
                guard let block = Self.readBlock(&reader, model: model) else { return nil }
                entry.blocks.append(block)
            }
            restore(key, entry)
        }
        guard reader.isAtEnd else { return nil }
    }

    private static func readBlock(_ reader: inout ByteReader, model: String) -> Block? {
        guard let hash = reader.integer(UInt64.self), let kind = reader.integer(UInt32.self), let count = reader.integer(UInt32.self) else {
            return nil
        }
        switch kind {
        // The first two are of older servers, which did not know the second accuracy.
        case 0, 2, 5, 6:
            guard let version = reader.count(), let rows = reader.count(), let samples = reader.count(), let classes = reader.count(),
                let accuracy = readAccuracy(&reader), let served = kind < 5 ? .nan : readAccuracy(&reader), rows <= UInt32.max,
                max(version, samples, classes) <= Classifier.maximumCount,
                let newClasses = readClasses(&reader, count, areNamed: kind == 0 || kind == 5)
            else { return nil }
            let answer = LearnAnswer(
                model: model, version: version, rows: rows, samples: samples, classes: classes, newClasses: [],
                accuracyBefore: accuracy.isNaN ? nil : accuracy, servedAccuracyBefore: served.isNaN ? nil : served)
            return Block(hash: hash, answer: .learn(answer, newClasses: newClasses))
        case 1: return reader.take(Int(count)).map { Block(hash: hash, answer: .body(Array($0))) }
        case 3, 4:
            guard let start = reader.integer(UInt32.self).flatMap({ reader.take(Int($0)) }),
                let end = reader.integer(UInt32.self).flatMap({ reader.take(Int($0)) }),
                let classes = readClasses(&reader, count, areNamed: kind == 4)
            else { return nil }
            return Block(hash: hash, answer: .listing(Array(start), classes, Array(end)))
        default: return nil
        }
    }

    /// A share; NaN for none, nil for what is neither.
    private static func readAccuracy(_ reader: inout ByteReader) -> Double? {
        guard let accuracy = reader.integer(UInt64.self).map(Double.init(bitPattern:)) else { return nil }
        return accuracy.isNaN || (0...1).contains(accuracy) ? accuracy : nil
    }

    private static func readClasses(_ reader: inout ByteReader, _ count: UInt32, areNamed: Bool) -> AnsweredClasses? {
        guard areNamed else {
            var ranges: [Range<Int>] = []
            for _ in 0..<count {
                guard let lower = reader.count(), let upper = reader.count(), lower <= upper, upper <= Int(UInt32.max) else { return nil }
                ranges.append(lower..<upper)
            }
            return .identified(ranges)
        }
        var labels: [Label] = []
        for _ in 0..<count {
            guard let length = reader.integer(UInt32.self), let label = reader.text(Int(length)).flatMap(LabelRepair.label) else {
                return nil
            }
            labels.append(label)
        }
        return .named(labels)
    }
}
