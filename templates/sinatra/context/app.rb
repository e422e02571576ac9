require "sinatra"
set :server, :webrick

get "/" do
  "Hello from sinatra in #{`hostname`}"
end
