import Testing
@testable import ClassifierService
@Test func placeholder() {}
