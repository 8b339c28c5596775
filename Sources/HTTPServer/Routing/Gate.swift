/// What a route needs of whoever calls it; what that means is a `Gate`'s affair.
public enum RouteAccess: UInt8, Sendable {
    /// Nothing: anybody may call it.
    case anyone
    /// It shows what the application knows.
    case reading
    /// It changes what the application knows.
    case writing

    /// What a route needs that does not say otherwise.
    static func usual(for method: Method) -> RouteAccess {
        method.isSafe ? .reading : .writing
    }
}

/// Decides whether a request goes on to its handler. Called at every well-formed head, before any content is taken, also where the
/// path leads nowhere (as for a route of `.reading`) and for OPTIONS which the server answers (`.anyone`). Runs on an event loop: it
/// must not block, and should not allocate where it says `.pass`.
public typealias Gate = @Sendable (borrowing Request, RouteAccess) -> GateVerdict

/// What a `Gate` says of a request.
public struct GateVerdict: Sendable {
    enum Outcome: Sendable {
        case pass
        case refuse(Status, detail: String, headers: [HeaderField])
        case answer(Response)
    }

    let outcome: Outcome
    let fields: FieldBlock?

    /// It goes on.
    ///
    /// - Parameter fields: Fields that its answer shall have, whoever makes it.
    public static func pass(adding fields: FieldBlock? = nil) -> GateVerdict {
        GateVerdict(outcome: .pass, fields: fields)
    }

    /// It is refused; the server's error format is used.
    public static func refuse(
        _ status: Status, detail: String, headers: [HeaderField] = [], adding fields: FieldBlock? = nil
    ) -> GateVerdict {
        GateVerdict(outcome: .refuse(status, detail: detail, headers: headers), fields: fields)
    }

    /// It is answered here.
    public static func answer(_ response: Response, adding fields: FieldBlock? = nil) -> GateVerdict {
        GateVerdict(outcome: .answer(response), fields: fields)
    }
}
