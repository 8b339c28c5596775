/// A change of a model other than learning, as `changed` events name it.
package enum ModelChange: Sendable {
    case unlearned(rows: Int)
    /// A ridge that chooses itself.
    case ridgeMoved(from: Double, to: Double)
    case merged, reconfigured, restored, classRenamed, classDeleted, classesJoined

    package var name: StaticString {
        switch self {
        case .unlearned: "unlearned"
        case .ridgeMoved: "ridge_moved"
        case .merged: "merged"
        case .reconfigured: "reconfigured"
        case .restored: "restored"
        case .classRenamed: "class_renamed"
        case .classDeleted: "class_deleted"
        case .classesJoined: "classes_joined"
        }
    }
}
