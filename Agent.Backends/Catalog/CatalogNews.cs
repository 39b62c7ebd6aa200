using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Agent.Backends.Shared;
using Agent.Dns.Transfers;
using Agent.Dns.Tsig;
using Agent.Dns.Wire;

namespace Agent.Backends.Catalog;

/// <summary>
/// Tells consumers by NOTIFY that a zone has changed: by UDP, again until they answer, three times at most; signed where they have a key.
/// Nobody waits for it: whether a consumer has followed is seen by asking it, and one that was away is told again when it is heard.
/// </summary>
internal sealed class CatalogNews : IDisposable
{
    // To one consumer at a time; one that is silent holds its own places only.
    private const int AtOnce = 32;
    private const int MessageOctets = 1024;
    private const int AnswerOctets = 4096;

    private static readonly TimeSpan[] Patience = [TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2)];

    // Not disposed: what is under way still ends, and it holds nothing but memory.
    private readonly CancellationTokenSource _closing = new();
    private readonly Line[] _lines;
    private readonly TimeProvider _time;

    public CatalogNews(IReadOnlyList<CatalogConsumer> consumers, TimeProvider time)
    {
        _time = time;
        _lines = [.. consumers.Select(consumer => new Line(consumer))];
    }

    /// <summary>Tells all of them, soon.</summary>
    public void Tell(DomainName zone)
    {
        foreach (Line line in _lines) Tell(line, zone);
    }

    /// <summary>Tells one of them, by its place in the list, what it did not take when it was told.</summary>
    public void TellAgain(int consumer, DomainName zone)
    {
        if (_lines[consumer].Untaken.TryRemove(zone, out _)) Tell(_lines[consumer], zone);
    }

    /// <summary>Who did not take what he was told last, and what he said; empty when nobody did.</summary>
    public string Objections => string.Join("; ", _lines.Where(line => line.Objection is not null)
        .Select(line => $"{line.Consumer.Server} does not take NOTIFY: {line.Objection}"));

    /// <summary>Nobody is to be told of the zone any more.</summary>
    public void Forget(DomainName zone)
    {
        foreach (Line line in _lines) line.Untaken.TryRemove(zone, out _);
    }

    public void Dispose() => _closing.Cancel();

    private void Tell(Line line, DomainName zone)
    {
        // Who is about to be told of the zone anyway needs no second word.
        if (!_closing.IsCancellationRequested && line.Waiting.TryAdd(zone, true)) _ = Task.Run(() => TellAsync(line, zone));
    }

    private async Task TellAsync(Line line, DomainName zone)
    {
        bool isTaken = false;
        try
        {
            await line.Places.WaitAsync(_closing.Token);
            try
            {
                // From here on a change may have come too late for this word.
                line.Waiting.TryRemove(zone, out _);
                isTaken = await SendAsync(line, zone);
            }
            finally
            {
                line.Places.Release();
            }
        }
        catch (OperationCanceledException)
        {
            // All is closing.
        }
        catch (SocketException)
        {
            // It cannot be reached, or its name does not resolve: observations say so.
        }
        finally
        {
            if (_closing.IsCancellationRequested) line.Waiting.TryRemove(zone, out _);
            else if (!isTaken) line.Untaken[zone] = true;
        }
    }

    private async Task<bool> SendAsync(Line line, DomainName zone)
    {
        IPEndPoint address = await ResolveAsync(line.Consumer.Server, _closing.Token);
        Word word = Write(zone, line.Consumer.Key?.Invoke());
        using var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(address, _closing.Token);
        byte[] answer = new byte[AnswerOctets];
        foreach (TimeSpan patience in Patience)
        {
            using var late = new CancellationTokenSource(patience, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, _closing.Token);
            try
            {
                await socket.SendAsync(word.Message, either.Token);
                while (true)
                {
                    int received = await socket.ReceiveAsync(answer.AsMemory(), either.Token);
                    if (!IsAnswer(answer.AsSpan(0, received), word, out string? objection)) continue;
                    line.Objection = objection;
                    return objection is null;
                }
            }
            catch (OperationCanceledException) when (!_closing.IsCancellationRequested)
            {
                // Lost, perhaps: once more.
            }
        }

        return false;
    }

    private Word Write(DomainName zone, TsigKey? key)
    {
        ushort id = MessageIds.Next();
        byte[] message = new byte[MessageOctets];
        int length = TransferQuery.WriteNotify(message, zone, id);
        byte[] mac = new byte[TsigAlgorithms.MaximumMacLength];
        int macLength = 0;
        if (key is not null && !TsigSigner.TrySignRequest(message, ref length, key, Now(), mac, out macLength))
            throw new UnreachableException("a NOTIFY has room for its signature");
        return new Word(message.AsMemory(0, length), id, key, mac.AsMemory(0, macLength));
    }

    /// <param name="objection">Why it did not take it; null when it did.</param>
    private bool IsAnswer(ReadOnlySpan<byte> message, Word word, out string? objection)
    {
        objection = null;
        if (!MessageHeader.TryRead(message, out MessageHeader header)
            || header.Id != word.Id || !header.IsResponse || header.Opcode != Opcode.Notify) return false;
        if (header.ResponseCode != ResponseCode.NoError)
        {
            // May be anybody's word, for what is wrong with a key cannot be signed; it costs one NOTIFY, as a lost one would.
            objection = TsigComplaint.Of(message) ?? header.ResponseCode.ToString().ToUpperInvariant();
            return true;
        }

        // Anybody could keep the news from a consumer with an unsigned "taken".
        return word.Key is null || TsigVerifier.VerifyResponse(message, word.Key, word.Mac.Span, Now()).IsVerified;
    }

    private ulong Now() => (ulong)Math.Max(0, _time.GetUtcNow().ToUnixTimeSeconds());

    private static async Task<IPEndPoint> ResolveAsync(EndPoint consumer, CancellationToken cancellation)
    {
        if (consumer is not DnsEndPoint name) return (IPEndPoint)consumer;
        IPAddress[] addresses = await System.Net.Dns.GetHostAddressesAsync(name.Host, cancellation);
        return new IPEndPoint(addresses[0], name.Port);
    }

    /// <summary>One NOTIFY as it is sent, and what its answer has to fit.</summary>
    private sealed record Word(ReadOnlyMemory<byte> Message, ushort Id, TsigKey? Key, ReadOnlyMemory<byte> Mac);

    private sealed record Line(CatalogConsumer Consumer)
    {
        /// <summary>What it said to the last NOTIFY that it answered; null when it took it.</summary>
        public string? Objection { get; set; }

        public SemaphoreSlim Places { get; } = new(AtOnce);

        /// <summary>Zones that it is to be told of and has not been.</summary>
        public ConcurrentDictionary<DomainName, bool> Waiting { get; } = new();

        /// <summary>Zones that it was told of last without taking it: it was away, or does not have the zone yet.</summary>
        public ConcurrentDictionary<DomainName, bool> Untaken { get; } = new();
    }
}
