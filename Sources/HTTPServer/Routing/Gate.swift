/// What a route requires of its caller; a `Gate` decides what that means.
public enum RouteAccess: UInt8, Sendable {
    /// Nothing: anyone may call it.
    case anyone
    /// It shows what the application knows.
    case reading
    /// It changes what the application knows.
    case writing

    /// The access of a route that does not specify it.
    static func usual(for method: Method) -> RouteAccess {
        method.isSafe ? .reading : .writing
    }
}

/// Decides whether a request reaches its handler. Called for every well-formed head before any content is read, also if no route
/// matches (as `.reading`) and for OPTIONS that the server answers (as `.anyone`). Runs on an event loop: it must not block, and
/// should not allocate when it returns `.pass`.
public typealias Gate = @Sendable (borrowing Request, RouteAccess) -> GateVerdict

/// The decision of a `Gate`.
public struct GateVerdict: Sendable {
    enum Outcome: Sendable {
        case pass
        case refuse(Status, detail: String, headers: [HeaderField])
        case answer(Response)
    }

    let outcome: Outcome
    let fields: FieldBlock?

    /// Lets the request pass.
    ///
    /// - Parameter fields: Fields to add to its answer, wherever that comes from.
    public static func pass(adding fields: FieldBlock? = nil) -> GateVerdict {
        GateVerdict(outcome: .pass, fields: fields)
    }

    /// Refuses the request in the server's error format.
    public static func refuse(
        _ status: Status, detail: String, headers: [HeaderField] = [], adding fields: FieldBlock? = nil
    ) -> GateVerdict {
        GateVerdict(outcome: .refuse(status, detail: detail, headers: headers), fields: fields)
    }

    /// Answers the request itself.
    public static func answer(_ response: Response, adding fields: FieldBlock? = nil) -> GateVerdict {
        GateVerdict(outcome: .answer(response), fields: fields)
    }
}
