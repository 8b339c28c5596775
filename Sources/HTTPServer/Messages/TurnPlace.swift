/// A request among those that are answered at the end of an event loop's turn.
struct TurnPlace {
    /// The turn: later ones ignore the place.
    let turn: UInt64
    let index: Int
}
