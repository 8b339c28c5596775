/// The server of a history.
protocol HistoryServer: AnyObject {
    var port: UInt16 { get }
    /// Whether acknowledged changes survive a restart.
    var isKept: Bool { get }
    /// Ends it without warning, like a power cut of the process.
    func kill()
    /// Ends it like SIGTERM.
    ///
    /// - Throws: if it does not end properly.
    func terminate() throws
    /// Starts it again, and waits until it is ready.
    func start() throws
    /// Its log, and how it ended if it did.
    var report: String { get }
}
