using System.Text.Json;

namespace Agent.Host.Etcd;

/// <summary>What every answer says about the store it comes from.</summary>
/// <param name="Term">Grows with each election of a leader.</param>
/// <param name="Revision">Grows with each transaction that writes.</param>
internal readonly record struct EtcdHeader(ulong Cluster, long Term, long Revision)
{
    /// <exception cref="FormatException">There is no header, or it is not one of etcd.</exception>
    public static EtcdHeader Read(JsonElement answer)
    {
        JsonElement header = EtcdJson.RequiredObject(answer, "header");
        EtcdHeader read = new(
            EtcdJson.Identity(header, "cluster_id"), EtcdJson.Count(header, "raft_term"), EtcdJson.Count(header, "revision"));
        return read.Cluster != 0 ? read : throw new FormatException("the answer names no cluster");
    }
}
