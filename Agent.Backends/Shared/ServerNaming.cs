using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Agent.Actors.Backends;
using Agent.Actors.Kernel;
using Agent.Dns.Wire;

namespace Agent.Backends.Shared;

/// <summary>
/// Asks a server for its identity and version by the names of class CH that RFC 4892 describes (id.server, hostname.bind, version.bind).
/// Each time from a socket of its own: servers that share an address and port are told apart by the source port.
/// </summary>
public sealed class ServerNaming(EndPoint server, TimeProvider time) : IServerNaming, IAsyncDisposable
{
    private const int Times = 3;
    private const int TextMax = 128;
    private const int MessageSizeMax = 1232;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private static readonly DomainName[] Questions =
        [DomainName.Parse("id.server."), DomainName.Parse("hostname.bind."), DomainName.Parse("version.bind.")];

    private readonly CancellationTokenSource _end = new();
    private Task _last = Task.CompletedTask;

    /// <inheritdoc/>
    public void Name(ReplyTo replyTo) => _last = AnswerAsync(replyTo);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _last;
        _end.Dispose();
    }

    private async Task AnswerAsync(ReplyTo replyTo)
    {
        await Task.Yield();
        var answers = ImmutableArray.CreateBuilder<ServerName>();
        try
        {
            for (int i = 0; i < Times; i++) answers.Add(await AskOnceAsync());
        }
        catch (Exception failure) when (failure is SocketException or OperationCanceledException)
        {
            // Whether it is away others find out; who says nothing is nobody else.
        }

        replyTo.Tell(new ServerNamed(answers.ToImmutable()));
    }

    private async Task<ServerName> AskOnceAsync()
    {
        // Connected: the kernel drops what comes from elsewhere.
        using Socket socket = server is IPEndPoint address
            ? new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp)
            : new Socket(SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(server, _end.Token);
        ushort first = (ushort)RandomNumberGenerator.GetInt32(ushort.MaxValue - Questions.Length);
        for (int i = 0; i < Questions.Length; i++) await socket.SendAsync(Compose((ushort)(first + i), Questions[i]), _end.Token);
        byte[] buffer = new byte[MessageSizeMax];
        string?[] texts = new string?[Questions.Length];
        using CancellationTokenSource late = new(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, _end.Token);
        try
        {
            for (int i = 0; i < Questions.Length; i++)
            {
                int received = await socket.ReceiveAsync(buffer, either.Token);
                (int index, string? text) = Read(buffer.AsSpan(0, received), first);
                if (index >= 0) texts[index] = text;
            }
        }
        catch (OperationCanceledException) when (!_end.IsCancellationRequested)
        {
            // Not every server answers each of them.
        }

        return new ServerName(texts[0] ?? texts[1], texts[2]);
    }

    private static byte[] Compose(ushort id, DomainName name)
    {
        byte[] buffer = new byte[MessageHeader.Size + name.Wire.Length + 4];
        MessageWriter writer = new(buffer, id, MessageHeader.ComposeFlags(Opcode.Query));
        writer.TryWriteQuestion(name, RecordType.TXT, RecordClass.CH);
        return writer.Written.ToArray();
    }

    /// <summary>Which question was answered, and the first text of the answer; -1 for what is none of ours.</summary>
    private static (int Index, string? Text) Read(ReadOnlySpan<byte> message, ushort first)
    {
        var reader = new MessageReader(message);
        int index = reader.Header.Id - first;
        if (reader.Error != WireError.None || !reader.Header.IsResponse || index < 0 || index >= Questions.Length) return (-1, null);
        if (!reader.TryReadQuestion(out QuestionView question) || !question.NameEquals(Questions[index].Wire)) return (-1, null);
        while (reader.TryReadRecord(out RecordView record))
        {
            if (record.Type != RecordType.TXT || record.Class != RecordClass.CH || record.RdataLength < 2) continue;
            int length = Math.Min(record.Rdata[0], Math.Min(record.RdataLength - 1, TextMax));
            return (index, Printable(record.Rdata.Slice(1, length)));
        }

        return (index, null);
    }

    /// <summary>What a server says goes into logs and tables.</summary>
    private static string? Printable(ReadOnlySpan<byte> octets)
    {
        var text = new StringBuilder(octets.Length);
        foreach (byte octet in octets) text.Append(octet is >= 0x20 and < 0x7f ? (char)octet : '?');
        return text.Length == 0 ? null : text.ToString();
    }
}
