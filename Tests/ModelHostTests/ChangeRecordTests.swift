import AnalyticLearning
import TensorFormats
import Testing

@testable import ModelHost
@testable import Storage

/// Records of changes: what is written is read, and nothing else is.
@Suite struct ChangeRecordTests {
    static let changes: [LoggedChange] = [
        .renamed(column: 0, "a", to: "b"), .renamed(column: 4_000_000_000, "\u{e9}\"\n", to: Self.long), .deleted(column: 7, Self.long),
        .deleted(column: 0, "x"), .joined(column: 3, "a", into: Self.long), .joined(column: 0, "b\n", into: "a"),
        .settings(ModelPatch(imbalance: Imbalance.none)),
        .settings(ModelPatch(imbalance: .reweight(power: 0.1 + 0.2))), .settings(ModelPatch(balance: 0.1 + 0.2)),
        .settings(ModelPatch(imbalance: .pseudoFeatures(noise: 1 / 3, cap: 1_000_000, seed: .max), balance: 1)),
        .settings(ModelPatch(imbalance: .discriminant(falseShare: 0.1 + 0.2, seed: .max))),
    ]
    static let long = try! Label(String(repeating: "l", count: Label.maximumBytes))

    private func body(_ change: LoggedChange) -> [UInt8] {
        var record = LogRecord()
        ChangeRecord.encode(change, dimension: 3, time: 1_700_000_000, to: &record)
        return Array(record.bytes[LogFormat.headerSize...])
    }

    private func read(_ body: [UInt8], dimension: Int = 3) -> LoggedChange? {
        var features: [Double] = []
        let record = body.withUnsafeBytes { try? LoggedRecord($0, dimension: dimension, features: &features) }
        guard case .change(let change) = record?.content else { return nil }
        return change
    }

    @Test(arguments: changes) func change_isReadAsItWasWritten(change: LoggedChange) throws {
        let bytes = body(change)
        #expect(bytes.count % 8 == 0 && bytes.count < 2200)
        let (time, found) = try bytes.withUnsafeBytes { try ChangeRecord.decode($0, dimension: 3) }
        #expect(time == 1_700_000_000 && found == change)
        #expect(read(bytes) == change && read(bytes, dimension: 4) == nil)
        // Neither kind is read as the other.
        var features: [Double] = []
        #expect(throws: RecordFault.self) {
            try bytes.withUnsafeBytes { _ = try LearnRecord.decode($0, dimension: 3, features: &features) }
        }
    }

    @Test(arguments: changes) func lengthsThatDoNotMatch_areRefused(change: LoggedChange) {
        let bytes = body(change)
        for count in stride(from: 0, to: bytes.count, by: bytes.count > 500 ? 37 : 1) { #expect(read(Array(bytes[..<count])) == nil) }
        for count in [1, 8, 16] { #expect(read(bytes + [UInt8](repeating: 0, count: count)) == nil) }
        // A count of requests, and a kind, that there are not.
        for (offset, value) in [(4, 0), (4, 2), (0, 0), (0, 7), (0, 1)] as [(Int, UInt8)] {
            var changed = bytes
            changed[offset] = value
            #expect(read(changed) == nil)
        }
    }

    /// Every octet takes other values: the record is refused, or is a change of valid labels and settings.
    @Test(arguments: changes.filter { $0 != .deleted(column: 7, long) }) func everyOctet_isRefused_orRead(change: LoggedChange) throws {
        let bytes = body(change)
        for place in bytes.indices.prefix(160) {
            for value in [0, 1, 2, 3, 4, 7, 0x22, 0x39, 0x7F, 0x80, 0xC3, 0xFF] as [UInt8] {
                var changed = bytes
                changed[place] = value
                switch read(changed) {
                case .renamed(_, let label, let new):
                    #expect(label != new && (1...1024).contains(label.byteCount) && (1...1024).contains(new.byteCount))
                case .deleted(_, let label): #expect((1...1024).contains(label.byteCount))
                case .joined(_, let label, let target):
                    #expect(label != target && (1...1024).contains(label.byteCount) && (1...1024).contains(target.byteCount))
                case .settings, nil: break
                }
            }
        }
    }

    @Test func labelsThatNoServerAccepts_areRefused() {
        func renamed(_ label: [UInt8], _ new: [UInt8]) -> [UInt8] {
            var bytes = body(.deleted(column: 0, "x"))
            bytes.removeLast(bytes.count - 28)
            bytes[0] = 2
            bytes.append(integer: UInt16(label.count))
            bytes.append(integer: UInt16(new.count))
            bytes += label + new
            while bytes.count % 8 != 0 { bytes.append(0) }
            return bytes
        }
        #expect(read(renamed([0x61], [0x62])) == .renamed(column: 0, "a", to: "b"))
        let long = [UInt8](repeating: 0x61, count: 1025)
        let pairs: [([UInt8], [UInt8])] = [
            ([0x61], [0x61]), ([], [0x61]), ([0x61], []), ([0x61], [0]), ([0xFF], [0x61]), (long, [0x61]), ([0x61], long),
        ]
        for (label, new) in pairs { #expect(read(renamed(label, new)) == nil, "\(label.prefix(3)) \(new.prefix(3))") }
    }

    @Test func settingsThatNoServerAccepts_areRefused() {
        func settings(_ text: String, kind: RecordStart.Kind = .settings) -> [UInt8] {
            var bytes = Array(body(.settings(ModelPatch(balance: 1))).prefix(24))
            bytes[0] = UInt8(kind.rawValue)
            bytes.append(integer: UInt32(text.utf8.count))
            bytes.append(integer: UInt32(0))
            bytes += Array(text.utf8)
            while bytes.count % 8 != 0 { bytes.append(0) }
            return bytes
        }
        #expect(read(settings(#"{"balance":0.5}"#)) == .settings(ModelPatch(balance: 0.5)))
        let spaces = String(repeating: " ", count: 5000)
        for text in [
            "", "{}", "0.5", #"{"balance":2}"#, #"{"balance":null}"#, #"{"ridge":1}"#, #"{"ridge":1,"balance":0}"#, #"{"sketch_rank":1}"#,
            #"{"imbalance":{"kind":"other"}}"#, #"{"balance":1}"# + spaces,
        ] {
            #expect(read(settings(text)) == nil, "\(text.prefix(40))")
        }
        // As logs of format 2 have them.
        #expect(read(settings(#"{"kind":"none"}"#, kind: .imbalance)) == .settings(ModelPatch(imbalance: Imbalance.none)))
        for text in ["", "{}", "none", #"{"kind":"other"}"#, #"{"kind":"none","power":1}"#, #"{"kind":"none"}"# + spaces] {
            #expect(read(settings(text, kind: .imbalance)) == nil, "\(text.prefix(40))")
        }
    }

    @Test func changesThatCannotFollowAState_areFound() throws {
        let registry = try #require(ClassRegistry(labels: ["a", "b"]))
        let configuration = ModelConfiguration(dimension: 3)
        func fault(_ change: LoggedChange) -> String? {
            do throws(RecordFault) { try change.check(registry, configuration) } catch { return error.text }
            return nil
        }
        for change in [
            .renamed(column: 1, "b", to: "c"), .deleted(column: 0, "a"), .joined(column: 0, "a", into: "b"),
            .settings(ModelPatch(imbalance: .pseudoFeatures(noise: 1, cap: 2, seed: 3), balance: 1)),
        ] as [LoggedChange] {
            #expect(fault(change) == nil)
        }
        let faults: [(LoggedChange, String)] = [
            (.renamed(column: 0, "b", to: "c"), "renames the class \"b\" in column 0"),
            (.renamed(column: 0, "c", to: "d"), "renames the class \"c\""),
            (.renamed(column: 0, "a", to: "b"), "the label of another class"),
            (.deleted(column: 1, "a"), "deletes the class \"a\" in column 1"), (.deleted(column: 2, "c"), "deletes the class \"c\""),
            (.joined(column: 1, "a", into: "b"), "joins the class \"a\" in column 1"),
            (.joined(column: 0, "a", into: "a"), "no such other class"), (.joined(column: 0, "a", into: "c"), "no such other class"),
            (.settings(ModelPatch(imbalance: .reweight(power: 1))), "sketch_rank"),
            (.settings(ModelPatch(imbalance: .pseudoFeatures(noise: -1, cap: 1, seed: 0))), "imbalance.noise"),
            (.settings(ModelPatch(balance: 1.5)), "balance"),
        ]
        for (change, text) in faults { #expect(fault(change)?.contains(text) == true, "\(change): \(fault(change) ?? "no fault")") }
    }
}
