using Overnight.Api.Admin;
using Overnight.Api.Audit;
using Overnight.Api.Dashboard;
using Overnight.Api.Documentation;
using Overnight.Api.Flags;
using Overnight.Api.Problems;
using Overnight.Api.Reference;
using Overnight.Api.Sessions;
using Overnight.Core.Caching;
using Overnight.Core.Data;

var builder = WebApplication.CreateBuilder(args);
builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);

builder.AddServiceDefaults();
builder.AddNpgsqlDataSource("overnight");
builder.AddNpgsqlDbContext<OvernightContext>("overnight", settings => settings.DisableRetry = true);
builder.AddRedisClient("cache", configureOptions: CacheConnection.Configure);

builder.AddProblems();
builder.AddSessions();
builder.AddDashboard();
builder.AddAudit();
builder.AddReference();
builder.AddFlags();
builder.AddCacheAdmin();
builder.AddApiDocument();

var app = builder.Build();

app.UseCachedDashboard();
app.UseProblems();
app.UseSessions();

app.MapDefaultEndpoints();
app.MapSessions();
app.MapAccounts();
app.MapDashboard();
app.MapAudit();
app.MapReference();
app.MapFlags();
app.MapCacheAdmin();
app.MapApiDocument();

app.Run();
