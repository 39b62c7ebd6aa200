using System.Globalization;
using Agent.Actors.Reasons;

namespace Agent.Host.Etcd;

/// <summary>
/// The newest that was seen of the store. Every answer comes from a moment after its request was sent, so one that lies behind what was
/// known then comes from a member that was cut off, stopped or restored, and is not believed.
/// </summary>
/// <remarks>Any thread.</remarks>
/// <param name="takesFirst">The cluster of the first answer is the one to work with; otherwise it is the one that is
/// <see cref="Accept">accepted</see>, and until then nothing is compared.</param>
internal sealed class EtcdHighWater(bool takesFirst = true)
{
    private readonly Lock _gate = new();
    private EtcdHeader _highest;

    /// <summary>What must at least be reached by an answer to a request that is sent now.</summary>
    public EtcdHeader Highest
    {
        get
        {
            lock (_gate) return _highest;
        }
    }

    /// <summary>Whether it is known which cluster to work with.</summary>
    public bool IsKnown => Highest.Cluster != 0;

    /// <summary>This is the cluster to work with, unless there is one already: then <see cref="Admit"/> says that it is
    /// another.</summary>
    public void Accept(EtcdHeader header)
    {
        lock (_gate)
        {
            if (_highest.Cluster == 0) _highest = header;
        }
    }

    /// <summary>Takes note of an answer.</summary>
    /// <param name="known">What was <see cref="Highest"/> when the request was sent.</param>
    /// <exception cref="EtcdException">The answer must not be used.</exception>
    public void Admit(Uri endpoint, EtcdHeader header, EtcdHeader known, EtcdCheck check)
    {
        lock (_gate)
        {
            if (_highest.Cluster == 0)
            {
                if (!takesFirst) return;
                _highest = header with { Term = 0, Revision = 0 };
            }

            if (header.Cluster != _highest.Cluster)
            {
                throw new EtcdException(
                    new Reason(
                        ReasonCode.StoreRefused,
                        $"{endpoint.Authority} belongs to the etcd cluster {Hex(header.Cluster)}, "
                        + $"this agent works with {Hex(_highest.Cluster)}"),
                    EtcdOutcome.Open,
                    EtcdError.None,
                    blamesEndpoint: true);
            }

            if (check >= EtcdCheck.Term && header.Term < known.Term)
                throw Stale(endpoint, "term", header.Term, known.Term);
            if (check >= EtcdCheck.Revision && header.Revision < known.Revision)
                throw Stale(endpoint, "revision", header.Revision, known.Revision);
            _highest = _highest with
            {
                // A member that is cut off counts terms up by itself; only what a leader agreed to is a measure for the others.
                Term = check == EtcdCheck.Revision ? Math.Max(_highest.Term, header.Term) : _highest.Term,
                Revision = Math.Max(_highest.Revision, header.Revision),
            };
        }
    }

    public static string Hex(ulong cluster) => cluster.ToString("x", CultureInfo.InvariantCulture);

    private static EtcdException Stale(Uri endpoint, string what, long value, long known) => EtcdException.Away(
        $"{endpoint.Authority} lies behind: it answered from {what} {value}, and {known} was seen before", EtcdOutcome.Open);
}
