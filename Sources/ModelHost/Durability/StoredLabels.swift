internal import AnalyticLearning
internal import Storage
internal import TensorFormats

/// The labels of a checkpoint and its logs; recovery and audits read stored labels only through this.
///
/// Only if a label contains U+0000, which older servers accepted, are the logs read once more to learn which labels are taken.
struct StoredLabels {
    private let directory: ModelDirectory
    private let version: Int
    private let dimension: Int
    /// The checkpoint's labels, if some are invalid.
    private let stored: PackedStrings?
    private var repair: LabelRepair?
    /// The labels of the checkpoint's columns.
    private(set) var labels: [Label]

    /// - Throws: `StorageError` that names file and offset of damage.
    init(_ recovery: ModelRecovery) throws(StorageError) {
        directory = recovery.directory
        version = recovery.version
        dimension = recovery.snapshot.configuration.dimension
        stored = recovery.snapshot.metadata.storedLabels
        labels = recovery.snapshot.labels
        if let stored { labels = try labels(of: stored) }
    }

    /// Classes whose name differs from the one they were learned under.
    var changes: [LabelRepair.Change] { repair?.changes ?? [] }

    /// The labels of logged rows.
    ///
    /// - Throws: `StorageError` that names file and offset of damage.
    mutating func labels(of texts: PackedStrings) throws(StorageError) -> [Label] {
        var result: [Label] = []
        result.reserveCapacity(texts.count)
        for index in 0..<texts.count {
            do throws(LabelError) {
                result.append(try texts.label(at: index))
            } catch {
                result.append(try label(of: texts, at: index))
            }
        }
        return result
    }

    private mutating func label(of texts: PackedStrings, at index: Int) throws(StorageError) -> Label {
        if repair == nil { repair = LabelRepair(try allTexts()) }
        guard let label = repair?.label(of: texts, at: index) else {
            throw StorageError(.recover, path: directory.path, reason: .damaged(offset: 0, .content("the logs changed during the read")))
        }
        return label
    }

    private func allTexts() throws(StorageError) -> StoredTexts {
        var texts = StoredTexts()
        texts.note(stored ?? PackedStrings(labels.map(\.text)))
        let chain = try LogChain(directory, after: version)
        var features: [Double] = []
        while let record = try LoggedRecord.next(chain, dimension: dimension, features: &features) {
            switch record.content {
            case .rows(let requests): for request in requests { texts.note(request.labels) }
            case .change(.renamed(_, _, let new)): texts.note(PackedStrings([new.text]))
            case .change: break
            }
            features.removeAll(keepingCapacity: true)
        }
        return texts
    }
}
