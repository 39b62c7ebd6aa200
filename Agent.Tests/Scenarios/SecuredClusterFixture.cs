using Agent.Bench.Peers;
using Agent.Host.Nodes;
using Agent.Tests.TestKit;

namespace Agent.Tests.Scenarios;

/// <summary>
/// The cluster as it would be run where others listen: certificates between the nodes and at etcd, a user there, and a database whose
/// commits a standby holds too.
/// </summary>
public sealed class SecuredClusterFixture : ClusterFixture
{
    private readonly TestAuthority _authority = new();

    protected override AgentClusterOptions Options => new()
    {
        Settings = _ => NodeSettings,
        HasStandby = true,
        EtcdTls = _authority.ServerFiles("127.0.0.1"),
        EtcdUser = ("agent", "a word of this test"),
        LinkTls = node =>
        {
            NodeTlsFiles files = _authority.IssueNode(node);
            return (files.AuthorityFile, files.CertificateFile, files.KeyFile);
        },
    };

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _authority.Dispose();
    }
}
