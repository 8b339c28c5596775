import Testing
@testable import TensorFormats
@Test func placeholder() {}
