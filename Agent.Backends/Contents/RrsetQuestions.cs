using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Agent.Backends.Shared;
using Agent.Dns.Wire;

namespace Agent.Backends.Contents;

/// <summary>Asks a server for RRsets over one TCP connection, or over several where it closes each behind its answer. For one user at a
/// time.</summary>
/// <param name="server">Where it answers.</param>
public sealed class RrsetQuestions(EndPoint server) : IDisposable
{
    private DnsConnection? _connection;

    /// <summary>Asks; null when the server closed a connection that it had only just accepted.</summary>
    /// <exception cref="SocketException">It cannot be reached.</exception>
    public async Task<RrsetAnswer?> AskAsync(DomainName owner, RecordType type, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(owner);
        if (_connection is not null && await TryAskAsync(_connection, owner, type, stop) is { } answer) return answer;
        Dispose();
        _connection = await DnsConnection.OpenAsync(server, stop);
        return await AskAsync(_connection, owner, type, stop);
    }

    /// <summary>Closes the connection.</summary>
    public void Dispose() => _connection?.Dispose();

    private static async Task<RrsetAnswer?> TryAskAsync(DnsConnection used, DomainName owner, RecordType type, CancellationToken stop)
    {
        try
        {
            return await AskAsync(used, owner, type, stop);
        }
        catch (SocketException)
        {
            // Closed between two questions, as a server may do at any time; a new connection will tell.
            return null;
        }
    }

    private static async Task<RrsetAnswer?> AskAsync(DnsConnection connection, DomainName owner, RecordType type, CancellationToken stop)
    {
        ushort id = (ushort)RandomNumberGenerator.GetInt32(ushort.MaxValue + 1);
        await connection.SendAsync(Compose(id, owner, type), stop);
        ReadOnlyMemory<byte> message = await connection.ReceiveAsync(stop);
        return message.IsEmpty ? null : RrsetAnswer.Read(message.Span, id, owner, type);
    }

    private static byte[] Compose(ushort id, DomainName owner, RecordType type)
    {
        byte[] buffer = new byte[MessageHeader.Size + owner.Wire.Length + 4];
        MessageWriter writer = new(buffer, id, MessageHeader.ComposeFlags(Opcode.Query));
        writer.TryWriteQuestion(owner, type);
        return writer.Written.ToArray();
    }
}
