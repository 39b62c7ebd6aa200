using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Agent.Actors.Backends;
using Agent.Actors.Kernel;
using Agent.Dns.Wire;

namespace Agent.Backends.Shared;

/// <summary>
/// Asks a server for its identity and version by the names of class CH that RFC 4892 describes (id.server, hostname.bind, version.bind),
/// and with the first of them for its NSID (RFC 5001). One that knows no EDNS answers the others.
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
            for (int i = 0; i < Times; i++) answers.Add((await AskOnceAsync(_end.Token)).Name);
        }
        catch (Exception failure) when (failure is SocketException or OperationCanceledException)
        {
            // Whether it is away others find out; who says nothing is nobody else.
        }

        replyTo.Tell(new ServerNamed(answers.ToImmutable()));
    }

    /// <summary>Asks once, and counts the questions that were answered with a text.</summary>
    /// <exception cref="SocketException">Nobody is there.</exception>
    internal async Task<(ServerName Name, int Answered)> AskOnceAsync(CancellationToken cancellation)
    {
        // Connected: the kernel drops what comes from elsewhere.
        using Socket socket = server is IPEndPoint address
            ? new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp)
            : new Socket(SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(server, cancellation);
        ushort first = (ushort)RandomNumberGenerator.GetInt32(ushort.MaxValue - Questions.Length);
        for (int i = 0; i < Questions.Length; i++) await socket.SendAsync(Compose((ushort)(first + i), Questions[i]), cancellation);
        byte[] buffer = new byte[MessageSizeMax];
        string?[] texts = new string?[Questions.Length];
        string? nsid = null;
        using CancellationTokenSource late = new(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
        try
        {
            for (int i = 0; i < Questions.Length; i++)
            {
                int received = await socket.ReceiveAsync(buffer, either.Token);
                (int index, string? text) = Read(buffer.AsSpan(0, received), first);
                if (index < 0) continue;
                texts[index] = text;
                nsid ??= ServerIdentifier.In(buffer.AsSpan(0, received));
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // Not every server answers each of them.
        }

        return (new ServerName(texts[0] ?? texts[1], texts[2], nsid), texts.Count(text => text is not null));
    }

    private static byte[] Compose(ushort id, DomainName name)
    {
        byte[] buffer = new byte[MessageHeader.Size + name.Wire.Length + 4 + ServerIdentifier.QuestionSize];
        MessageWriter writer = new(buffer, id, MessageHeader.ComposeFlags(Opcode.Query));
        writer.TryWriteQuestion(name, RecordType.TXT, RecordClass.CH);
        if (name == Questions[0]) ServerIdentifier.Ask(ref writer, MessageSizeMax);
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
            return (index, ServerIdentifier.Printable(record.Rdata.Slice(1, length)));
        }

        return (index, null);
    }
}
