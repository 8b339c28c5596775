internal import AnalyticLearning
internal import Storage
internal import TensorFormats

/// The content of a log record with one change other than learning; all numbers little-endian.
///
/// The record begins with a `RecordStart` of one request. For a renamed, deleted or joined class follow its column (4), its label's length
/// (2), the length of the new label, or of the other class's (2; 0 for a deleted class), the labels, and zeros up to a multiple of 8 bytes.
/// For settings follow the length of their JSON text (4), zeros (4), the text, and zeros up to a multiple of 8 bytes: the text of a
/// `PATCH`, or, in records of logs of format 2, of the value of `imbalance`.
enum ChangeRecord {
    /// The longest text of settings: several times what they can take.
    private static let maximumText = 4096

    /// Writes a record's body.
    static func encode(_ change: LoggedChange, dimension: Int, time: Int, to record: inout LogRecord) {
        record.removeAll()
        func start(_ kind: RecordStart.Kind) {
            RecordStart(kind: kind, requests: 1, time: time).append(dimension: dimension, to: &record)
        }
        switch change {
        case .renamed(let column, let label, let new):
            start(.classRenamed)
            append(column, label, new, to: &record)
        case .deleted(let column, let label):
            start(.classDeleted)
            append(column, label, nil, to: &record)
        case .joined(let column, let label, let target):
            start(.classesJoined)
            append(column, label, target, to: &record)
        case .settings(let patch):
            start(.settings)
            var text = ConfigurationJSON.encode(patch).description
            record.append(UInt32(text.utf8.count))
            record.append(UInt32(0))
            text.withUTF8 { record.append(UnsafeRawBufferPointer($0)) }
        }
        record.align()
    }

    private static func append(_ column: Int, _ label: Label, _ new: Label?, to record: inout LogRecord) {
        record.append(UInt32(column))
        record.append(UInt16(label.byteCount))
        record.append(UInt16(new?.byteCount ?? 0))
        label.withBytes { record.append($0) }
        new?.withBytes { record.append($0) }
    }

    /// Reads the body of a record of a change.
    static func decode(_ bytes: UnsafeRawBufferPointer, dimension: Int) throws(RecordFault) -> (time: Int, change: LoggedChange) {
        var reader = ByteReader(bytes)
        let start = try RecordStart(&reader, dimension: dimension)
        guard start.requests == 1 else { throw RecordFault("the record has \(start.requests) changes, expected 1") }
        let change: LoggedChange
        switch start.kind {
        case .rows: throw RecordFault("the record has rows, expected a change")
        case .classRenamed:
            let (column, label, new) = try classes(&reader)
            guard let new, new != label else { throw RecordFault("the record renames a class and has no other label for it") }
            change = .renamed(column: column, label, to: new)
        case .classDeleted:
            let (column, label, new) = try classes(&reader)
            guard new == nil else { throw RecordFault("the record deletes a class and has a new label for it") }
            change = .deleted(column: column, label)
        case .classesJoined:
            let (column, label, target) = try classes(&reader)
            guard let target, target != label else { throw RecordFault("the record joins a class and has no other class for it") }
            change = .joined(column: column, label, into: target)
        case .imbalance: change = .settings(ModelPatch(imbalance: try settings(&reader, ConfigurationJSON.imbalance)))
        case .settings:
            let patch = try settings(&reader, ConfigurationJSON.decodePatch)
            guard patch.ridge == nil else { throw RecordFault("the record has a ridge, which only a checkpoint may change") }
            change = .settings(patch)
        }
        guard reader.align(), reader.isAtEnd else { throw RecordFault("the record's length does not match its content") }
        return (start.time, change)
    }

    private static func classes(_ reader: inout ByteReader) throws(RecordFault) -> (column: Int, label: Label, new: Label?) {
        guard let column = reader.integer(UInt32.self), let length = reader.integer(UInt16.self),
            let newLength = reader.integer(UInt16.self)
        else { throw RecordFault("the record is too short") }
        let label = try label(&reader, Int(length))
        return (Int(column), label, newLength == 0 ? nil : try self.label(&reader, Int(newLength)))
    }

    private static func label(_ reader: inout ByteReader, _ length: Int) throws(RecordFault) -> Label {
        guard let bytes = reader.take(length) else { throw RecordFault("the record is too short for its labels") }
        do throws(LabelError) { return try Label(utf8: bytes) } catch { throw RecordFault("a label of the record \(error)") }
    }

    private static func settings<Settings>(
        _ reader: inout ByteReader, _ decode: (JSONValue) throws(ConfigurationError) -> Settings
    ) throws(RecordFault) -> Settings {
        guard let length = reader.integer(UInt32.self), reader.integer(UInt32.self) == 0, length <= maximumText,
            let text = reader.text(Int(length))
        else { throw RecordFault("the record's settings do not match their length") }
        do {
            return try decode(JSONValue(parsing: text))
        } catch {
            throw RecordFault("the record's settings: \(error)")
        }
    }
}
