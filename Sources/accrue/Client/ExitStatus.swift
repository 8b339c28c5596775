/// An error that ends the program with a status of its own; any other ends it with 1.
protocol StatusError: Error, CustomStringConvertible {
    var status: Int32 { get }
}

/// Exit statuses that scripts can tell apart.
enum ExitStatus {
    static let failure: Int32 = 1
    static let usage: Int32 = 2
    /// No server, or one that has no time or room now: the same command may succeed later.
    static let unavailable: Int32 = 3
    /// 128 and the signal's number, as shells say it: 130 for Ctrl-C.
    static func interrupted(by signal: Int32) -> Int32 { 128 + signal }
}

/// The server refused a request, and would refuse it again.
struct ServerRefusal: StatusError {
    let code: Int
    /// What the answer says.
    let detail: String

    var status: Int32 { ExitStatus.failure }
    var description: String { "\(VisibleText.of(detail)) (\(code))" }
}

/// The server could not be asked, or had no time.
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

/// What was given to be read is not what it should be. The message names the file and the place.
struct InputError: Error, CustomStringConvertible, Equatable {
    let description: String

    init(_ description: String) { self.description = description }
}
