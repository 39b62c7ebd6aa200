using Agent.Actors.Cluster;

namespace Agent.Host.Nodes;

/// <summary>The messages that carry others to the owner of a shard and back (Agent.Actors/Cluster/RouteMessages.cs).</summary>
internal static class RouteFields
{
    public static void Write(FieldWriter writer, RouteRequest message)
    {
        writer.Signed(1, message.Request);
        writer.Signed(2, message.Shard);
        writer.Signed(3, message.Epoch);
        Inner(writer, 4, message.Message, MessagePlace.Request);
    }

    public static void Write(FieldWriter writer, RouteAccepted message) => writer.Signed(1, message.Request);

    public static void Write(FieldWriter writer, RouteRefused message) => writer.Signed(1, message.Request);

    public static void Write(FieldWriter writer, RouteAnswer message)
    {
        writer.Signed(1, message.Request);
        Inner(writer, 2, message.Answer, MessagePlace.Answer);
    }

    public static void Write(FieldWriter writer, AskShards message)
    {
        writer.Signed(1, message.Request);
        Inner(writer, 2, message.Question, MessagePlace.Question);
    }

    public static void Write(FieldWriter writer, ShardsAnswer message)
    {
        writer.Signed(1, message.Request);
        Inner(writer, 2, message.Answer, MessagePlace.Answer);
    }

    public static void Write(FieldWriter writer, ShardsAnswered message)
    {
        writer.Signed(1, message.Request);
        writer.Signed(2, message.Shards);
    }

    public static RouteRequest? ReadRequest(ref FieldReader reader)
    {
        long? request = null;
        int? shard = null;
        long? epoch = null;
        IShardKeyed? message = null;
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: request = reader.Signed(); break;
                case 2: shard = reader.Int32(); break;
                case 3: epoch = reader.Signed(); break;
                case 4: message = Inner(ref reader, MessagePlace.Request) as IShardKeyed; break;
            }
        }
        return request is null || shard is null || epoch is null || message is null
            ? null
            : new RouteRequest(request.Value, shard.Value, epoch.Value, message);
    }

    public static RouteAccepted? ReadAccepted(ref FieldReader reader) => RequestOf(ref reader) is { } request ? new(request) : null;

    public static RouteRefused? ReadRefused(ref FieldReader reader) => RequestOf(ref reader) is { } request ? new(request) : null;

    public static RouteAnswer? ReadAnswer(ref FieldReader reader) =>
        RequestWith(ref reader, MessagePlace.Answer, out object? answer) is { } request ? new RouteAnswer(request, answer!) : null;

    public static AskShards? ReadAsk(ref FieldReader reader) =>
        RequestWith(ref reader, MessagePlace.Question, out object? question) is { } request ? new AskShards(request, question!) : null;

    public static ShardsAnswer? ReadShardsAnswer(ref FieldReader reader) =>
        RequestWith(ref reader, MessagePlace.Answer, out object? answer) is { } request ? new ShardsAnswer(request, answer!) : null;

    public static ShardsAnswered? ReadShardsAnswered(ref FieldReader reader)
    {
        long? request = null;
        int? shards = null;
        while (reader.Next())
        {
            if (reader.Field == 1) request = reader.Signed();
            else if (reader.Field == 2) shards = reader.Int32();
        }
        return request is null || shards is null ? null : new ShardsAnswered(request.Value, shards.Value);
    }

    /// <summary>The number of the request, in field 1 of a message that has no other.</summary>
    public static long? RequestOf(ref FieldReader reader)
    {
        long? request = null;
        while (reader.Next())
        {
            if (reader.Field == 1) request = reader.Signed();
        }
        return request;
    }

    /// <summary>A message inside another: its kind in field 1, its fields in field 2.</summary>
    /// <exception cref="NotSupportedException">It may not stand there.</exception>
    private static void Inner(FieldWriter writer, int field, object message, MessagePlace place)
    {
        if (MessageKinds.Of(message) is not { } kind || kind.Place != place)
            throw new NotSupportedException($"{message.GetType().Name} does not travel between nodes as {place}");
        writer.Nested(field, kind, (outer, _) =>
        {
            outer.Unsigned(1, (ulong)kind.Number);
            outer.Nested(2, message, kind.Write);
        });
    }

    private static object? Inner(ref FieldReader reader, MessagePlace place)
    {
        var inner = new FieldReader(reader.Octets(), reader.Context);
        MessageKind? kind = null;
        object? message = null;
        while (inner.Next())
        {
            if (inner.Field == 1)
            {
                ulong number = inner.Unsigned();
                kind = number <= int.MaxValue ? MessageKinds.Of((int)number) : null;
                if (inner.IsBroken) break;
                if (kind is null) inner.Context.HasUnknownKind = true;
                if (kind?.Place != place) inner.Break();
            }
            else if (inner.Field == 2)
            {
                if (kind is null) inner.Break();
                else message = inner.Nested<object>(kind.Read);
            }
        }
        if (inner.IsBroken || message is null) reader.Break();
        return reader.IsBroken ? null : message;
    }

    private static long? RequestWith(ref FieldReader reader, MessagePlace place, out object? carried)
    {
        long? request = null;
        carried = null;
        while (reader.Next())
        {
            if (reader.Field == 1) request = reader.Signed();
            else if (reader.Field == 2) carried = Inner(ref reader, place);
        }
        return carried is null ? null : request;
    }
}
