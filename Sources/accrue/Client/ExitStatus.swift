/// An error with its own exit status; any other error exits with 1.
protocol StatusError: Error, CustomStringConvertible {
    var status: Int32 { get }
}

/// Exit statuses that scripts can distinguish.
enum ExitStatus {
    static let failure: Int32 = 1
    static let usage: Int32 = 2
    /// No server, or one without time or room at the moment: the same command may succeed later.
    static let unavailable: Int32 = 3
    /// 128 plus the signal's number, as in shells: 130 for Ctrl-C.
    static func interrupted(by signal: Int32) -> Int32 { 128 + signal }
}

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

/// Invalid input. The message names the file and the place.
struct InputError: Error, CustomStringConvertible, Equatable {
    let description: String

    init(_ description: String) { self.description = description }
}
