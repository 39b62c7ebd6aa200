using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Agent.Dns.Records;
using Agent.Dns.Wire;

namespace Agent.Backends.Shared;

/// <summary>What a server answered to a question for an RRset.</summary>
/// <param name="HasCome">There was an answer.</param>
/// <param name="Records">The data of each record; null when the server does not say it with authority, or not all of it.</param>
public sealed record RrsetAnswer(bool HasCome, IReadOnlyList<byte[]>? Records)
{
    /// <summary>The server is silent.</summary>
    public static RrsetAnswer None { get; } = new(HasCome: false, Records: null);
}

/// <summary>
/// Asks a DNS server for the records of one name and type, as its clients would: by UDP with two repeats, by TCP when cut off and where
/// the server answers there. Safe for any number of callers.
/// </summary>
/// <param name="server">Where it answers.</param>
/// <param name="hasTcp">It answers by TCP too.</param>
/// <param name="time">For its patience.</param>
public sealed class RrsetProbe(EndPoint server, bool hasTcp, TimeProvider time)
{
    private const int QuestionRoom = 512;
    private const int DatagramSizeMax = 4096;
    private const int TriesMax = 3;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>The data of each record, folded as for comparison and in canonical order.</summary>
    /// <param name="owner">The name.</param>
    /// <param name="type">Which of its records.</param>
    /// <param name="cancellation">Ends it before its own patience does.</param>
    public async Task<RrsetAnswer> AskAsync(DomainName owner, RecordType type, CancellationToken cancellation)
    {
        ushort id = (ushort)RandomNumberGenerator.GetInt32(ushort.MaxValue + 1);
        byte[] question = Compose(owner, type, id);
        try
        {
            byte[]? answer = await AskByUdpAsync(question, id, cancellation);
            if (answer is not null && hasTcp && new MessageReader(answer).Header.IsTruncated)
                answer = await AskByTcpAsync(question, cancellation);
            return answer is null ? RrsetAnswer.None : new RrsetAnswer(HasCome: true, Read(answer, owner, type, id));
        }
        catch (SocketException)
        {
            return RrsetAnswer.None;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return RrsetAnswer.None;
        }
    }

    private static byte[] Compose(DomainName owner, RecordType type, ushort id)
    {
        byte[] buffer = new byte[QuestionRoom];
        MessageWriter writer = new(buffer, id, MessageHeader.ComposeFlags(Opcode.Query));
        writer.TryWriteQuestion(owner, type);
        return writer.Written.ToArray();
    }

    private async Task<byte[]?> AskByUdpAsync(byte[] question, ushort id, CancellationToken cancellation)
    {
        using Socket socket = new(SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(server, cancellation);
        byte[] buffer = new byte[DatagramSizeMax];
        for (int attempt = 0; attempt < TriesMax; attempt++)
        {
            using CancellationTokenSource late = new(Patience, time);
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
            try
            {
                await socket.SendAsync(question, either.Token);
                int length = await socket.ReceiveAsync(buffer, either.Token);
                if (length >= MessageHeader.Size && new MessageReader(buffer.AsSpan(0, length)).Header.Id == id)
                    return buffer[..length];
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                // The next try.
            }
        }

        return null;
    }

    private async Task<byte[]?> AskByTcpAsync(byte[] question, CancellationToken cancellation)
    {
        using CancellationTokenSource late = new(Patience * TriesMax, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
        using DnsConnection connection = await DnsConnection.OpenAsync(server, either.Token);
        await connection.SendAsync(question, either.Token);
        ReadOnlyMemory<byte> answer = await connection.ReceiveAsync(either.Token);
        return answer.IsEmpty ? null : answer.ToArray();
    }

    private static List<byte[]>? Read(byte[] answer, DomainName owner, RecordType type, ushort id)
    {
        MessageReader reader = new(answer);
        MessageHeader header = reader.Header;
        if (reader.Error != WireError.None || header.Id != id || !header.IsResponse || !header.IsAuthoritative || header.IsTruncated)
            return null;
        if (header.ResponseCode is not (ResponseCode.NoError or ResponseCode.NXDomain) || !reader.TryReadQuestion(out QuestionView _))
            return null;
        List<byte[]> found = [];
        while (reader.TryReadRecord(out RecordView record))
        {
            if (record.Section != MessageSection.Answer || record.Type != type || !record.OwnerEquals(owner.Wire))
                continue;
            byte[] rdata = new byte[record.RdataLength + RdataExpander.MaximumGrowth];
            if (RdataExpander.Expand(record, rdata, out int length) != WireError.None)
                return null;
            RdataCanonical.Fold(type, rdata.AsSpan(0, length));
            found.Add(rdata[..length]);
        }

        if (reader.Error != WireError.None)
            return null;
        found.Sort(static (left, right) => RdataCanonical.Compare(left, right));
        return found;
    }
}
