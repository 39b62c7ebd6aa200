using System.Net;
using System.Net.Sockets;
using Agent.Dns.Wire;

namespace Agent.Host.Demo;

/// <summary>Asks one question by UDP, as any client would, and reads what the demo wants to see of the answer.</summary>
internal static class DemoQuery
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Response code, serial of an SOA in the answer, number of answer records.</summary>
    public sealed record Answer(ResponseCode ResponseCode, uint? Serial, int Records);

    public static async Task<Answer> AskAsync(IPEndPoint server, DomainName name, RecordType type, CancellationToken stop)
    {
        byte[] query = Compose(name, type);
        using var socket = new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(server, stop);
        await socket.SendAsync(query, stop);
        byte[] buffer = new byte[4096];
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stop);
        deadline.CancelAfter(Patience);
        int length = await socket.ReceiveAsync(buffer, deadline.Token);
        return Read(buffer.AsSpan(0, length));
    }

    private static byte[] Compose(DomainName name, RecordType type)
    {
        var writer = new MessageWriter(new byte[512], MessageIds.Next());
        writer.TryWriteQuestion(name, type);
        return writer.Written.ToArray();
    }

    private static Answer Read(ReadOnlySpan<byte> message)
    {
        var reader = new MessageReader(message);
        if (!reader.TryReadQuestion(out _)) return new Answer(reader.Header.ResponseCode, null, 0);
        uint? serial = null;
        int records = 0;
        while (records < reader.Header.AnswerCount && reader.TryReadRecord(out RecordView record))
        {
            records++;
            if (record.Type == RecordType.SOA && record.Rdata.Length >= 20)
                serial = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(record.Rdata[^20..]);
        }

        return new Answer(reader.Header.ResponseCode, serial, records);
    }
}
