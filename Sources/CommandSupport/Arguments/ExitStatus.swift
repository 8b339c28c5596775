/// An error with its own exit status; any other error exits with 1.
package protocol StatusError: Error, CustomStringConvertible {
    var status: Int32 { get }
}

/// Exit statuses that scripts can distinguish.
package enum ExitStatus {
    package static let failure: Int32 = 1
    package static let usage: Int32 = 2
    /// No server, or one without time or room at the moment: the same command may succeed later.
    package static let unavailable: Int32 = 3
    /// 128 plus the signal's number, as in shells: 130 for Ctrl-C.
    package static func interrupted(by signal: Int32) -> Int32 { 128 + signal }
}

/// Invalid input. The message names the file and the place.
package struct InputError: Error, CustomStringConvertible, Equatable {
    package let description: String

    package init(_ description: String) { self.description = description }
}
