import CommandSupport
import Foundation
import TensorFormats

/// An array in a file, read some rows at a time.
final class ArraySlices {
    let layout: ArrayLayout
    private let name: String
    private let input: MappedInput
    private let bytes: UnsafeRawBufferPointer
    /// Owns bytes that are not the file's: a decompressed array.
    private let owner: [UInt8]?
    /// Rows gathered from a column-major array.
    private var gathered: [UInt8] = []

    /// The array's name in messages.
    var place: String { "\(input.name): \(name)" }

    /// - Parameter bytes: must stay valid with `input`.
    init(_ view: ArrayView, in input: MappedInput) {
        (name, layout, bytes, owner) = (view.name, view.layout, view.bytes, nil)
        self.input = input
    }

    /// The array of an npy file.
    init(npy input: MappedInput, name: String) throws {
        do {
            let view = try ArrayView(npy: input.bytes, name: name)
            (self.name, layout, bytes, owner) = (name, view.layout, view.bytes, nil)
            self.input = input
        } catch { throw InputError("\(input.name): \(error)") }
    }

    /// An array of an npz file; decompresses it into memory if necessary.
    init(npz archive: NpzArchive, name: String, in input: MappedInput) throws {
        do throws(NpzError) {
            let array = try archive.array(named: name)
            var copy: [UInt8]?
            let isInPlace = array.withView { view in
                guard let base = view.bytes.baseAddress, let start = input.bytes.baseAddress else { return true }
                return base >= start && base < start + input.bytes.count
            }
            var place = UnsafeRawBufferPointer(start: nil, count: 0)
            array.withView { view in if isInPlace { place = view.bytes } else { copy = Array(view.bytes) } }
            (self.name, layout, bytes, owner) = (name, array.layout, place, copy)
            self.input = input
            input.release(input.bytes)
        } catch { throw InputError("\(input.name): \(error)") }
    }

    /// Calls `body` with some rows as an array of their own, and then releases their memory.
    ///
    /// - Throws: `InputError` with the row's number in the whole array.
    func withRows(_ rows: Range<Int>, _ body: (ArrayView) throws(ArrayError) -> Void) throws {
        do throws(ArrayError) {
            guard let owner else { return try slice(bytes, rows, body) }
            try owner.withUnsafeBufferPointer { (buffer) throws(ArrayError) in try slice(UnsafeRawBufferPointer(buffer), rows, body) }
        } catch {
            var error = error
            error.place.row = error.place.row.map { $0 + rows.lowerBound }
            throw InputError("\(input.name): \(error)")
        }
    }

    private func slice(
        _ all: UnsafeRawBufferPointer, _ rows: Range<Int>, _ body: (ArrayView) throws(ArrayError) -> Void
    ) throws(ArrayError) {
        let shape = [rows.count] + layout.shape.dropFirst()
        guard let part = ArrayLayout(layout.scalar, isBigEndian: layout.isBigEndian, isColumnMajor: layout.isColumnMajor, shape: shape)
        else { return }
        let total = layout.shape[0]
        guard layout.isColumnMajor, layout.shape.count == 2, total > 0 else {
            let size = total == 0 ? 0 : layout.byteCount / total
            let piece = UnsafeRawBufferPointer(rebasing: all[(rows.lowerBound * size)..<(rows.upperBound * size)])
            defer { input.release(piece) }
            guard let view = ArrayView(name: name, layout: part, bytes: piece) else { return }
            return try body(view)
        }
        // A part of each column.
        let size = layout.elementCount == 0 ? 0 : layout.byteCount / layout.elementCount
        gathered.removeAll(keepingCapacity: true)
        for column in 0..<layout.shape[1] {
            let start = (column * total + rows.lowerBound) * size
            let piece = UnsafeRawBufferPointer(rebasing: all[start..<(start + rows.count * size)])
            gathered.append(contentsOf: piece)
            input.release(piece)
        }
        try gathered.withUnsafeBufferPointer { (buffer) throws(ArrayError) in
            guard let view = ArrayView(name: name, layout: part, bytes: UnsafeRawBufferPointer(buffer)) else { return }
            try body(view)
        }
    }
}
