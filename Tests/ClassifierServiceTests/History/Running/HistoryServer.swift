/// What a history runs against.
protocol HistoryServer: AnyObject {
    var port: UInt16 { get }
    /// Whether what was acknowledged is there after a restart.
    var isKept: Bool { get }
    /// Ends it without warning, as a power cut of the process.
    func kill()
    /// Ends it as SIGTERM does.
    ///
    /// - Throws: where it does not end as it should.
    func terminate() throws
    /// Starts it again, and waits until it is ready.
    func start() throws
    /// What it has said, and how it ended if it did.
    var report: String { get }
}
