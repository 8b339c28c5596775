internal import AnalyticLearning

extension ModelStore {
    /// Stores the names that recovery gave to classes, see `LabelRepair`: a log must not use a class's old name in one record and its new
    /// one in the next. If that fails, nothing is learned until the next start, which tries again.
    func keepNames(_ state: ModelRecovery.State) {
        for change in state.renamed.prefix(Self.maximumRenamed) {
            store.log.warning(
                "a label contains U+0000 and was renamed",
                ["model": name, "label": change.stored, "new label": change.label.text])
        }
        if state.renamed.count > Self.maximumRenamed {
            store.log.warning(
                "more labels contain U+0000 and were renamed",
                ["model": name, "labels": "\(state.renamed.count - Self.maximumRenamed)"])
        }
        do {
            // As after a rename: the balanced weights of a class are stored under its label.
            try state.classifier.advanceVersion(past: state.classifier.version)
            try checkpoint(state.classifier, state.table, erasing: false)
        } catch {
            let reason = (error as? ModelError)?.detail ?? "\(error)"
            stop("labels with U+0000 were renamed, but the new names could not be stored: \(reason)")
        }
    }

    /// The largest number of new names logged one by one.
    private static let maximumRenamed = 100
}
