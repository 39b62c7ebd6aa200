using System.Buffers.Binary;
using System.Net;

namespace Agent.Bench.Peers;

/// <summary>One thing that a <see cref="ScriptedMaster"/> does in answer to a query; a script is a sequence of them.</summary>
public abstract record MasterStep
{
    private MasterStep()
    {
    }

    /// <summary>Sends a whole message, framed on TCP.</summary>
    public sealed record Send(byte[] Message) : MasterStep;

    /// <summary>Sends octets as they are: half a frame, a wrong length, garbage.</summary>
    public sealed record SendOctets(byte[] Octets) : MasterStep;

    /// <summary>Sends octets in small pieces, one every <paramref name="Pause"/>.</summary>
    public sealed record Drip(byte[] Octets, int PieceBytes, TimeSpan Pause) : MasterStep;

    /// <summary>Does nothing until <see cref="ScriptedMaster.Release"/>, or the client goes.</summary>
    public sealed record Stall : MasterStep;

    /// <summary>Ends the connection in order (FIN). On UDP: nothing.</summary>
    public sealed record Close : MasterStep;

    /// <summary>Breaks the connection (RST). On UDP: nothing.</summary>
    public sealed record Reset : MasterStep;
}

/// <summary>A query as it reached the <see cref="ScriptedMaster"/>.</summary>
public sealed record MasterQuery(byte[] Message, bool IsTcp, IPEndPoint Client)
{
    private int TypeOffset => DnsTestMessage.SkipName(Message, 12);

    public ushort Id => BinaryPrimitives.ReadUInt16BigEndian(Message);

    public ushort Type => BinaryPrimitives.ReadUInt16BigEndian(Message.AsSpan(TypeOffset));

    /// <summary>The question section, to be echoed.</summary>
    public byte[] Question => Message[12..(TypeOffset + 4)];

    /// <summary>The name asked for, in wire form, case as sent.</summary>
    public byte[] Name => Message[12..TypeOffset];
}
