import CommandSupport

/// The server refused a request, and would refuse it again.
struct ServerRefusal: StatusError {
    let code: Int
    /// The answer's explanation.
    let detail: String

    var status: Int32 { ExitStatus.failure }
    var description: String { "\(VisibleText.of(detail)) (\(code))" }
}

/// The server could not be reached, or had no time.
struct ServerUnavailable: StatusError {
    let description: String

    var status: Int32 { ExitStatus.unavailable }
}

/// A signal ended the command.
struct Interrupted: StatusError {
    let signal: Int32
    var description = "interrupted"

    var status: Int32 { ExitStatus.interrupted(by: signal) }
}
