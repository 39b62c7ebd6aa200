using System.Diagnostics.Metrics;
using Agent.Actors.Telemetry;
using Agent.Dns.Wire;

namespace Agent.Actors.Listeners;

/// <summary>The counts behind <c>dnsagent_requests_total</c>, one set per socket thread so that threads do not share cache lines.</summary>
public sealed class RequestCounters : IDisposable
{
    private const int Opcodes = 16;
    private const int ResponseCodes = 32;

    // By AnswerTransport.
    private static readonly string[] Transports = ["udp", "tcp", "tls"];
    private static readonly Lock Gate = new();
    private static readonly List<RequestCounters> Sets = [];
    private static readonly long[] Finished = new long[Transports.Length * Opcodes * ResponseCodes];

    private readonly long[] _counts = new long[Finished.Length];

    static RequestCounters() => AgentMetrics.Meter.CreateObservableCounter(
        "dnsagent_requests_total", Observe, description: "Requests answered, by opcode, response code and transport.");

    /// <summary>Starts a set at zero and lets it be seen.</summary>
    public RequestCounters()
    {
        lock (Gate)
        {
            Sets.Add(this);
        }
    }

    /// <summary>Counts one answer. Any thread.</summary>
    public void Count(AnswerTransport transport, Opcode opcode, ResponseCode responseCode)
    {
        int index = (((int)transport * Opcodes) + ((int)opcode & (Opcodes - 1))) * ResponseCodes;
        Interlocked.Increment(ref _counts[index + Math.Min((int)responseCode, ResponseCodes - 1)]);
    }

    /// <summary>How many answers of this kind were counted in this set.</summary>
    public long Read(AnswerTransport transport, Opcode opcode, ResponseCode responseCode) =>
        Interlocked.Read(ref _counts[((((int)transport * Opcodes) + (int)opcode) * ResponseCodes) + (int)responseCode]);

    /// <summary>Ends the set; what it counted stays in the totals.</summary>
    public void Dispose()
    {
        lock (Gate)
        {
            if (Sets.Remove(this))
            {
                Add(Finished, this);
            }
        }
    }

    internal static IEnumerable<Measurement<long>> Observe()
    {
        long[] totals;
        lock (Gate)
        {
            totals = [.. Finished];
            foreach (RequestCounters set in Sets)
            {
                Add(totals, set);
            }
        }
        for (int index = 0; index < totals.Length; index++)
        {
            if (totals[index] > 0)
            {
                yield return new Measurement<long>(
                    totals[index],
                    new("opcode", Name((Opcode)(index / ResponseCodes % Opcodes))),
                    new("rcode", Name((ResponseCode)(index % ResponseCodes))),
                    new("transport", Transports[index / (ResponseCodes * Opcodes)]));
            }
        }
    }

    private static void Add(long[] totals, RequestCounters set)
    {
        for (int index = 0; index < totals.Length; index++)
        {
            totals[index] += Interlocked.Read(ref set._counts[index]);
        }
    }

    private static string Name(Opcode opcode) => opcode.ToString().ToLowerInvariant();

    private static string Name(ResponseCode responseCode) => responseCode.ToString().ToLowerInvariant();
}
