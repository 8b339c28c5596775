internal import AnalyticLearning
internal import ModelHost
internal import TensorFormats

extension EventFrame {
    /// A model's event.
    static func encode(_ event: ModelEvent, id: Int) -> [UInt8] {
        encode(event.kind, id: id, data: data { event.write(to: &$0) })
    }
}

extension ModelEvent {
    fileprivate var kind: EventKind {
        switch self {
        case .learned: .learned
        case .rebalanced: .rebalanced
        case .checkpointed: .checkpointed
        case .driftHealed: .driftHealed
        case .changed: .changed
        case .deleted: .deleted
        }
    }

    fileprivate func write(to writer: inout JSONWriter) {
        switch self {
        case .learned(let event):
            writer.member("version", event.version)
            writer.member("rows", event.rows)
            writer.member("samples", event.samples)
            writer.member("classes", event.classes)
            writer.key("new_classes")
            writer.beginArray()
            for label in event.newClasses { writer.write(label) }
            writer.endArray()
            if event.unnamed > 0 { writer.member("new_classes_not_named", event.unnamed) }
            writer.member("accuracy_before", event.accuracyBefore)
            writer.member("served_accuracy_before", event.servedAccuracyBefore)
        case .rebalanced(let version, let balancedVersion, let seconds):
            writer.member("version", version)
            writer.member("balanced_version", balancedVersion)
            writer.member("seconds", seconds)
        case .checkpointed(let version, let bytes, let seconds):
            writer.member("version", version)
            writer.member("bytes", bytes)
            writer.member("seconds", seconds)
        case .driftHealed(let version, let driftBefore, let drift):
            writer.member("version", version)
            writer.member("drift_before", driftBefore)
            writer.member("drift", drift)
        case .changed(let version, let change):
            writer.member("version", version)
            writer.member("change", change.name)
            if case .ridgeMoved(let former, let ridge) = change {
                writer.member("former_ridge", former)
                writer.member("ridge", ridge)
            }
        case .deleted: break
        }
    }
}
