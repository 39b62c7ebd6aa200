namespace Agent.Host.Nodes;

/// <summary>Where a message may stand, so that messages cannot be nested without end.</summary>
internal enum MessagePlace
{
    /// <summary>In a frame of its own.</summary>
    Frame,

    /// <summary>Inside a request to an entity.</summary>
    Request,

    /// <summary>Inside a question to shards.</summary>
    Question,

    /// <summary>Inside an answer.</summary>
    Answer,
}

/// <summary>
/// A kind of message on the link. Its number never changes its meaning; a kind that is new in a later version of the protocol is not sent
/// to a peer of an earlier one.
/// </summary>
/// <param name="Number">On the wire; <see cref="FirstMessage"/> or more.</param>
/// <param name="Place">Where it may stand.</param>
/// <param name="Since">Version of the protocol that brought it.</param>
/// <param name="Type">The message.</param>
internal abstract record MessageKind(int Number, MessagePlace Place, int Since, Type Type)
{
    /// <summary>Numbers below this belong to the link itself.</summary>
    public const int FirstMessage = 16;

    /// <summary>Name in metrics.</summary>
    public string Label { get; } = Type.Name;

    public abstract void Write(FieldWriter writer, object message);

    public abstract object? Read(ref FieldReader reader);
}

/// <summary>A kind with its writer and reader.</summary>
internal sealed record MessageKind<T>(
    int Number, MessagePlace Place, Action<FieldWriter, T> Writer, FieldFunction<T> Reader, int Since = 1)
    : MessageKind(Number, Place, Since, typeof(T))
    where T : class
{
    public override void Write(FieldWriter writer, object message) => Writer(writer, (T)message);

    public override object? Read(ref FieldReader reader) => Reader(ref reader);
}
