internal import AnalyticLearning
internal import Storage
internal import TensorFormats

/// The labels of a checkpoint and of the logs that lead on from it: the one way from what is stored to labels, for recovery and for audits.
///
/// Only where U+0000 is found in one, which older servers took, are the logs read once more, to know which labels there are already.
struct StoredLabels {
    private let directory: ModelDirectory
    private let version: Int
    private let dimension: Int
    /// The checkpoint's, where some are none.
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

    /// The classes that have another name than they were learned under.
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
        while let record = try LearnRecord.next(chain, dimension: dimension, features: &features) {
            for request in record.requests { texts.note(request.labels) }
            features.removeAll(keepingCapacity: true)
        }
        return texts
    }
}
